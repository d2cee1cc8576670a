"""Which settings suit searches of few dear calls? `python -m benchmarks.few_calls`.

Searches of 300 calls, read at 30, 100 and 300, on made-up landscapes, by the library's own tasks, parents and
islands, with its gates of validation and verification. No model is asked, and nothing is run: a program is a
row of choices, and what it is worth is drawn (NK landscapes, Kauffman 1993). A part of what is measured is of
the training games alone, another of the validation games alone, and every disguise adds noise. Whoever
"writes" draws some changes and takes the one that seems best, with an error.

What this can show: how settings of the search divide few calls between depth and breadth, and what luck in
measurements costs, where gains come in small steps that depend on each other. What it cannot: how good a
model is, whether it uses the notes and numbers of other programs, or how rugged rules of CFR really are.

Every setting meets the same landscapes; differences are told with the standard error over these. Ctrl-C ends
it, and prints what was found until then.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from bisect import insort
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from nashforge.archive import Status
from nashforge.evolve.proposers.base import Failure, Individual, Request
from nashforge.evolve.search.population.islands import Population
from nashforge.evolve.search.strategies.evolution import MODELS, Evolution, Steps

Choices = npt.NDArray[np.int64]

CALLS = (30, 100, 300)
RUGGED = {1: "smooth", 4: "rugged"}
"""Of how many others the worth of a choice depends."""

PLACES, VALUES = 20, 4
LIBRARY = 12
"""Programs that a run knows from the beginning; it starts from the one of the highest training fitness."""

OF_GAMES = 0.5
"""How much of what is measured is of the training games, or of those of validation, alone."""

NOISE = 0.25
"""Standard deviation between disguises; that of the worth of random programs is 1."""

FAILS = {"edit": 0.10, "design": 0.25, "combine": 0.15, "ablate": 0.05, "simplify": 0.05, "repair": 0.3}
TRIES, JUDGEMENT = 4, 1.5
"""A writer thinks of so many changes, and knows what each is worth with an error of this deviation."""


@dataclass(frozen=True)
class Setting:
    """A way to spend calls.

    Attributes
    ----------
    islands, size, by, validate_top, copies, lookahead
        As in the configuration of a run.
    steps : Steps
        The mix of tasks, and of how many programs the best are parents.
    """

    islands: int = 1
    size: int = 12
    by: Literal["train", "both"] = "both"
    validate_top: int = 15
    copies: int = 2
    lookahead: int = 2
    steps: Steps = MODELS


def _mix(**shares: float) -> Steps:
    usual = {name: shares.get(name, 0.0) for name in MODELS.usual}
    return replace(MODELS, usual=usual)


SETTINGS: Mapping[str, Setting] = {
    "one island of 12, the best 3 or a tenth as parents": Setting(),
    "three islands with 40, by training, no copies": Setting(3, 40, "train", 5, 0),
    "three islands with 40": Setting(3, 40),
    "the best as the only parent": Setting(steps=replace(MODELS, fewest=1)),
    "the best 6 as parents": Setting(steps=replace(MODELS, fewest=6)),
    "all 12 as parents": Setting(steps=replace(MODELS, fewest=None)),
    "parents by training": Setting(by="train"),
    "no copies": Setting(copies=0),
    "lookahead 6": Setting(lookahead=6),
    "edits alone": Setting(steps=_mix(edit=1.0)),
    "half of the tasks designs": Setting(
        steps=_mix(edit=0.2, design=0.5, combine=0.15, ablate=0.08, simplify=0.07)
    ),
}
"""The first is what the others are compared with."""


class Part:
    """A landscape: each place adds what its choice is worth, given those of its neighbours."""

    def __init__(self, neighbours: int, rng: np.random.Generator) -> None:
        others = [
            rng.choice(np.delete(np.arange(PLACES), k), neighbours, replace=False) for k in range(PLACES)
        ]
        self._places = np.array([[k, *rest] for k, rest in enumerate(others)])
        self._weights = VALUES ** np.arange(neighbours + 1)
        self._table = rng.normal(size=(PLACES, VALUES ** (neighbours + 1))) / math.sqrt(PLACES)
        self._rows = np.arange(PLACES)

    def worth(self, choices: Choices) -> float:
        """Return what a program is worth; over random programs, the standard deviation is about 1."""
        return float(self._table[self._rows, choices[self._places] @ self._weights].sum())


class Landscape:
    """What programs are worth in all games, in those of training, and in those of validation."""

    def __init__(self, neighbours: int, seed: int) -> None:
        rng = np.random.default_rng([seed, neighbours])
        self.true, self._train, self._validation = (Part(neighbours, rng) for _ in range(3))
        self._noise = np.random.default_rng([seed, neighbours, 1])
        self.library = [rng.integers(VALUES, size=PLACES) for _ in range(LIBRARY)]

    def train(self, choices: Choices) -> float:
        """Return what is measured on the training games."""
        return self._measured(choices, self._train)

    def validation(self, choices: Choices, disguises: int) -> float:
        """Return the mean of what is measured on so many disguises of the validation games."""
        return float(np.mean([self._measured(choices, self._validation) for _ in range(disguises)]))

    def _measured(self, choices: Choices, games: Part) -> float:
        return (
            self.true.worth(choices) + OF_GAMES * games.worth(choices) + NOISE * float(self._noise.normal())
        )


@dataclass
class Search:
    """One search on a landscape: the loop of a run, without all that takes time in one."""

    land: Landscape
    setting: Setting
    seed: int
    programs: list[Choices] = field(default_factory=list)
    top: list[float] = field(default_factory=list)
    best: Individual | None = None
    copied: float = -math.inf

    def run(self, calls: Iterable[int]) -> list[float]:
        """Return how much more the best program is worth than the start after so many calls."""
        way, marks = self.setting, sorted(calls)
        strategy = Evolution(Population(way.islands, way.size, 15, by=way.by), 15, way.steps)
        start = max(self.land.library, key=self.land.train)
        self._outcome(strategy, start, 0, 0, seed=True)
        begin, open_ = self.land.true.worth(start), deque[tuple[int, int, Choices | None, Request]]()
        failures: tuple[Failure, ...] = ()
        found = []
        for index in range(1, marks[-1] + 1):
            rng = np.random.default_rng([self.seed, index])
            request = strategy.ask(index, rng, failures)
            strategy.asked(request.parent.hash)
            open_.append((index, request.island, self._written(request), request))
            while len(open_) >= way.lookahead or (index in marks and open_):
                at, island, choices, asked = open_.popleft()
                if choices is not None:
                    self._outcome(strategy, choices, at, island)
                else:
                    failure = Failure("", Status.CRASHED, "", asked.parent, at, at, island, asked.operator)
                    failures = (*failures, failure)[-10:]
            if index in marks:
                assert self.best is not None
                found.append(self.land.true.worth(self.programs[int(self.best.hash)]) - begin)
        return found

    def _written(self, request: Request) -> Choices | None:
        """Return a program as somebody would write it for a task; None if it fails."""
        rng, parent = request.rng, self.programs[int(request.parent.hash)]
        if rng.random() < FAILS[request.operator]:
            return None
        ideas = [self._idea(request, parent, rng) for _ in range(TRIES)]
        seems = [self.land.true.worth(idea) + JUDGEMENT * rng.normal() for idea in ideas]
        return ideas[int(np.argmax(seems))]

    def _idea(self, request: Request, parent: Choices, rng: np.random.Generator) -> Choices:
        idea = parent.copy()
        match request.operator:
            case "combine" if request.partner is not None:
                other = self.programs[int(request.partner.hash)]
                idea = np.where(rng.random(PLACES) < 0.5, parent, other)
            case "design":
                other = self.land.library[int(rng.integers(LIBRARY))]
                idea = np.where(rng.random(PLACES) < 0.2, other, parent)
                _change(idea, 3, rng)
            case "ablate" | "simplify":
                idea[rng.integers(PLACES)] = 0
            case _:
                _change(idea, 1 + int(rng.random() < 0.4), rng)
        return idea

    def _outcome(
        self, strategy: Evolution, choices: Choices, index: int, island: int, *, seed: bool = False
    ) -> None:
        """Measure a program as a run does, and tell it: validation for the best, copies before the title."""
        way, train = self.setting, self.land.train(choices)
        top = self.top[-way.validate_top :]
        validation = None
        if seed or len(top) < way.validate_top or train >= top[0]:
            validation = self.land.validation(choices, 1)
            if way.copies and (seed or (train + validation) / 2 >= self.copied):
                validation = self.land.validation(choices, way.copies)
        name = str(len(self.programs))
        self.programs.append(choices)
        one = Individual(index, index, name, name, "", train, validation, island=island, seed=seed, bare=seed)
        insort(self.top, train)
        if validation is not None:
            mean = (train + validation) / 2
            if mean > self.copied:
                self.best, self.copied = one, mean
        strategy.tell(one)


def _change(choices: Choices, count: int, rng: np.random.Generator) -> None:
    places = rng.choice(PLACES, count, replace=False)
    choices[places] = rng.integers(VALUES, size=count)


def main() -> None:
    """Search until the processor time is used up, landscape by landscape, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="processor time, in all (600)")
    parser.add_argument("--first", type=int, default=0, help="number of the first landscape (0)")
    parser.add_argument("--landscapes", type=int, default=200, help="at most so many of each kind (200)")
    parser.add_argument(
        "--file", type=Path, help="keep what is found here, and print what several processes have kept"
    )
    asked = parser.parse_args()
    found: dict[tuple[int, int], dict[str, list[float]]] = {}
    with suppress(KeyboardInterrupt):  # what was found until then is printed
        for seed in range(asked.first, asked.first + asked.landscapes):
            for neighbours in RUGGED:
                if time.process_time() > asked.seconds:
                    break
                gains = {
                    name: Search(Landscape(neighbours, seed), setting, seed).run(CALLS)
                    for name, setting in SETTINGS.items()
                }
                found[neighbours, seed] = gains
                if asked.file is not None:
                    with asked.file.open("a") as kept:
                        kept.write(json.dumps([neighbours, seed, gains]) + "\n")
    if asked.file is not None and asked.file.exists():
        for neighbours, seed, gains in map(json.loads, asked.file.read_text().splitlines()):
            found[neighbours, seed] = gains
    console = Console(emoji=False)
    for neighbours, title in RUGGED.items():
        rows = [gains for (kind, _), gains in sorted(found.items()) if kind == neighbours]
        if len(rows) > 1:
            console.print(_table(title, {name: [row[name] for row in rows] for name in SETTINGS}))


def _table(title: str, found: Mapping[str, list[list[float]]]) -> Table:
    base, *others = found.items()
    count = len(base[1])
    table = Table(title=f"What the best program gains over the start, {title} landscapes ({count} of them)")
    table.add_column("setting")
    for calls in CALLS:
        table.add_column(f"{calls} calls", justify="right")
    first = np.array(base[1])
    error = first.std(axis=0, ddof=1) / math.sqrt(count)
    table.add_row(
        base[0], *(f"{mean:.2f} ± {each:.2f}" for mean, each in zip(first.mean(0), error, strict=True))
    )
    table.add_section()
    for name, gains in others:
        difference = np.array(gains) - first
        error = difference.std(axis=0, ddof=1) / math.sqrt(count)
        cells = zip(difference.mean(axis=0), error, strict=True)
        table.add_row(name, *(f"{mean:+.2f} ± {each:.2f}" for mean, each in cells))
    return table


if __name__ == "__main__":
    main()
