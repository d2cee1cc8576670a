"""Definitions of fitness as data, what each says of programs, and how well it foretells validation."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from benchmarks.fitness.measuring import Measurements, Played
from benchmarks.fitness.programs import Program
from nashforge import games

Array = npt.NDArray[np.float64]

FAILED = -6.0
"""What a failure counts where a game is judged, in orders of magnitude."""
CHOSEN = 15
"""The favourites of a definition that are looked at."""


@dataclass(frozen=True)
class Definition:
    """A fitness: which trials, and how they become one number.

    See `nashforge.evolve.evaluation.messages.Fitness`.

    Attributes
    ----------
    price
        What 100 nodes of a program's syntax tree cost.
    """

    trials: tuple[Played, ...]
    floor: float = 1e-7
    relative: bool = False
    reference: str = "dcfr"
    clip: float | None = None
    worst: float = 0.0
    price: float = 0.0


class Agreement(NamedTuple):
    """How well a definition foretells validation.

    Attributes
    ----------
    rank, low, high
        Spearman's correlation, and its 95 % bootstrap interval over programs.
    top
        The same among the better half by validation, where searches choose.
    chosen, worst
        Mean validation value of its favourites, and mean value of each one's worst game.
    """

    rank: float
    low: float
    high: float
    top: float
    chosen: float
    worst: float


class Pool:
    """Measured programs.

    Parameters
    ----------
    programs
        All of them; those of the library are references, too.
    """

    def __init__(self, programs: Sequence[Program], measured: Measurements) -> None:
        self.programs, self._measured = list(programs), measured
        self._nodes = np.array([nodes(program.source) for program in self.programs])

    def value(self, program: Program, played: Played) -> float:
        """Return what a program reached; NaN: it was not measured."""
        found = self._measured.known(program, played)
        return float("nan") if found is None else found.value

    def seconds(self, played: Played) -> float:
        """Return the median of the processor time that programs took."""
        found = [self._measured.known(program, played) for program in self.programs]
        return float(np.median([one.seconds for one in found if one is not None]))

    def measured(self, trials: Sequence[Played]) -> Pool:
        """Return those that were measured in all the trials."""
        kept = [p for p in self.programs if not any(np.isnan(self.value(p, t)) for t in trials)]
        return Pool(kept, self._measured)

    def reference(self, played: Played, name: str) -> float:
        """Return what a program of the library reached, or the best of several or of all."""
        named = [
            p for p in self.programs if p.origin == "library" and {p.name, "library"} & {*name.split(",")}
        ]
        return float(np.nanmin([self.value(program, played) for program in named]))

    def ratios(self, definition: Definition) -> Array:
        """Return log ratios to the reference, shape (programs, trials)."""
        columns = []
        for played in definition.trials:
            spread = games.compile(played.game).payoff_range if definition.relative else 1.0
            floor = definition.floor * spread
            values = np.array([self.value(program, played) for program in self.programs])
            reference = max(self.reference(played._replace(scale=1.0), definition.reference), floor)
            with np.errstate(divide="ignore"):
                column = np.log10(reference / np.maximum(values, floor))
            columns.append(np.maximum(column, FAILED))
        most = np.inf if definition.clip is None else definition.clip
        return np.clip(np.array(columns).T, -most, most)

    def fitness(self, definition: Definition) -> Array:
        """Return the fitness of each program."""
        ratios = self.ratios(definition)
        mean = ratios.mean(axis=1)
        return mean + definition.worst * (ratios.min(axis=1) - mean) - definition.price * self._nodes / 100

    def agreement(self, definition: Definition, judge: Definition, rng: np.random.Generator) -> Agreement:
        """Compare a definition with a judge on other games."""
        own, judged = self.fitness(definition), self.ratios(judge)
        value = judged.mean(axis=1)
        draws = [rng.integers(len(own), size=len(own)) for _ in range(200)]
        spread = [spearmanr(own[draw], value[draw])[0] for draw in draws]
        low, high = np.quantile(spread, [0.025, 0.975])
        better = value >= np.median(value)
        best = np.argsort(-own, kind="stable")[:CHOSEN]
        return Agreement(
            float(spearmanr(own, value)[0]),
            float(low),
            float(high),
            float(spearmanr(own[better], value[better])[0]),
            float(value[best].mean()),
            float(judged[best].min(axis=1).mean()),
        )


def nodes(source: str) -> int:
    """Return the size of a program: the nodes of its syntax tree."""
    tree = ast.parse(source)
    return sum(not isinstance(node, ast.expr_context) for node in ast.walk(tree))
