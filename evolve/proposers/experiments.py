"""Experiments: cheap measurements of variants that the writer of a program may ask for before it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nashforge.evolve.evaluation.messages import Stage

MOST_VARIANTS = 4
"""Programs that one experiment may measure, besides the current one."""

LEAST_SECONDS = 0.5
"""A measurement of one program is given so much processor time at least."""

_MEASURE = re.compile(r"\W*Measure\W*:", re.IGNORECASE)
_ANSWER = re.compile(r"\W*Idea\W*:", re.IGNORECASE)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})(\w*)\s*")


@dataclass(frozen=True)
class Experiment:
    """Variants to be measured on some training games.

    Attributes
    ----------
    variants : tuple of str
        Sources of the programs.
    games : tuple of int
        Places in the list of training games, from 1; empty: all of them.
    iterations : int or None
        At most so many; None: as many as in training.
    """

    variants: tuple[str, ...]
    games: tuple[int, ...] = ()
    iterations: int | None = None


@dataclass(frozen=True)
class Variant:
    """The outcome of one variant.

    Attributes
    ----------
    name : str
        What it is called: ``variant 1``, ``current program``.
    curves : dict
        Iterations and values of the domain's metric, by place of the game.
    measures : dict
        The same of other metrics that have a value at every checkpoint.
    reason : str
        Why it failed; empty if it did not. The curves are of the games before that.
    unreached : tuple of int
        Places of the games for which no processor time was left.
    """

    name: str
    curves: Mapping[int, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    measures: Mapping[str, Mapping[int, tuple[tuple[int, float], ...]]] = field(default_factory=dict)
    reason: str = ""
    unreached: tuple[int, ...] = ()


@dataclass(frozen=True)
class Findings:
    """The outcome of an experiment: of the variants, then of the current program, and what it took."""

    variants: tuple[Variant, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"variants": [_as_json(variant) for variant in self.variants], "seconds": self.seconds}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Findings:
        """Return what `as_json` has made JSON values of."""
        return cls(tuple(map(_variant, value["variants"])), float(value["seconds"]))


def _as_json(variant: Variant) -> dict[str, Any]:
    measures = {name: _texts(curves) for name, curves in variant.measures.items()}
    return {**vars(variant), "curves": _texts(variant.curves), "measures": measures}


def _texts(curves: Mapping[int, Any]) -> dict[str, Any]:
    return {str(game): curve for game, curve in curves.items()}


def _variant(value: Mapping[str, Any]) -> Variant:
    measures = {name: _curves(curves) for name, curves in value["measures"].items()}
    unreached = tuple(map(int, value.get("unreached", ())))
    return Variant(value["name"], _curves(value["curves"]), measures, value["reason"], unreached)


def _curves(value: Mapping[str, Any]) -> dict[int, tuple[tuple[int, float], ...]]:
    return {int(game): tuple((step, number) for step, number in curve) for game, curve in value.items()}


class Laboratory(Protocol):
    """Measures experiments beside the search, one after the other."""

    def begin(self, index: int, experiment: Experiment, current: str, seconds: float) -> None:
        """Begin to measure, for the candidate at a position; ``current`` is measured likewise.

        Parameters
        ----------
        seconds
            Processor time for all of it.
        """

    def take(self) -> list[tuple[int, Findings]]:
        """Return what was measured since the last time, with the positions."""

    def renew(self, train: Stage) -> None:
        """Measure on these training games from now on."""

    def close(self) -> None:
        """Give up what is being measured."""


def asked_for(text: str) -> Experiment | None:
    """Return the experiment that an answer asks for: a line ``Measure:``, and programs in fences; else None.

    An answer with a line ``Idea:`` is an answer, whatever it measured on the way.
    """
    fence = ""
    heading: str | None = None
    lines: list[str] = []
    variants: list[str] = []
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2]:
                fence = ""
                variants.append("\n".join(lines) + "\n")
            else:
                lines.append(line)
        elif mark:
            fence, lines = mark[1], []
        elif _ANSWER.match(line):
            return None
        elif heading is None and (found := _MEASURE.match(line)):
            heading = line[found.end() :]
    kept = tuple(source for source in variants if re.search(r"^(class|def) ", source, re.MULTILINE))
    if heading is None or not kept:
        return None
    games, _, rest = heading.partition("iteration")
    numbers = tuple(dict.fromkeys(int(number) for number in re.findall(r"\b\d{1,4}\b", games)))
    length = re.search(r"\d{1,7}", rest.replace(",", ""))
    iterations = None if length is None else max(1, int(length[0]))
    return Experiment(kept[:MOST_VARIANTS], numbers, iterations)
