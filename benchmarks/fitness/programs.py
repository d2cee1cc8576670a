"""Programs to judge definitions of fitness by: the library, discoveries, random rules, and what searches try.

Everything is drawn from the offline grammar, so all of it is trusted and runs in this process. A search
here is the smallest that climbs: a dozen programs, children of the better half, on a few small games. They
climb by several horizons and scales, so that no definition is judged by what it has chosen itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.rewriting.mutation import mutate
from nashforge.evolve.proposers.rewriting.recombination import crossover
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable

Rng = np.random.Generator
Judge = Callable[[str], float | None]

KEPT = 12
"""Programs that a small search keeps."""
CROSSED = 0.15
"""Share of children with two parents."""
LONGEST_WALK = 10
"""Edits between a random program and the rule that it descends from."""
DISCOVERED = Path(__file__).parents[2] / "docs" / "discovered"


@dataclass(frozen=True)
class Program:
    """A program of the pool: what it is called, where it comes from, and its source."""

    name: str
    origin: str
    source: str

    @property
    def key(self) -> str:
        """A digest of the source."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]


def library(kind: str) -> Iterator[Program]:
    """Yield the library's programs of a domain, then the discovered ones."""
    work = domain(kind)
    for name in work.baselines():
        yield Program(name, "library", work.source(name))
    for path in sorted(DISCOVERED.glob(f"{kind}*.py")):
        yield Program(f"discovered/{path.name}", "discovered", path.read_text(encoding="utf-8"))


def random_programs(kind: str, count: int, seed: int) -> Iterator[Program]:
    """Yield programs that random edits made of library programs, some of them crossed on the way."""
    rng = np.random.default_rng([seed, 1])
    sources = [program.source for program in library(kind)]
    for number in range(count):
        source = sources[rng.integers(len(sources))]
        for _ in range(int(rng.integers(1, LONGEST_WALK + 1))):
            source = child(kind, source, sources[rng.integers(len(sources))], rng) or source
        yield Program(f"random-{number}", "random", source)


def searched_programs(
    kind: str, start: str, judge: Judge, evaluations: int, seed: int, name: str
) -> Iterator[tuple[Program, float]]:
    """Yield what a small search tries and can be measured, with its fitness there, in order."""
    rng = np.random.default_rng([seed, 2])
    kept: list[tuple[float, str]] = []
    source: str | None = start
    for number in range(evaluations):
        if number:
            better = kept[: max(1, len(kept) // 2)]
            parent, partner = (better[rng.integers(len(better))][1] for _ in range(2))
            source = child(kind, parent, partner, rng)
        fitness = None if source is None else judge(source)
        if source is None or fitness is None:
            continue
        yield Program(f"{name}-{number}", "searched", source), fitness
        kept = sorted([*kept, (fitness, source)], reverse=True)[:KEPT]


def child(kind: str, parent: str, partner: str, rng: Rng) -> str | None:
    """Return an edited or crossed program; None if no edit fits."""
    grammar = domain(kind).grammar()
    assert grammar is not None
    try:
        if parent != partner and rng.random() < CROSSED:
            return crossover(parent, partner, rng, grammar=grammar).source
        strength = 3.0 if rng.random() < 0.2 else 1.0
        return mutate(parent, rng, grammar=grammar, strength=strength).source
    except NotApplicable:
        return None


def spread_out(found: list[tuple[Program, float]], count: int) -> list[Program]:
    """Return programs of a search spread over the range of its fitness, and none twice."""
    ordered = sorted(found, key=lambda item: item[1])
    distinct = [item for k, item in enumerate(ordered) if k == 0 or item[1] > ordered[k - 1][1] + 1e-9]
    # More of the upper half, among which a search chooses.
    share = np.linspace(0, 1, count) ** 0.5
    return [distinct[k][0] for k in dict.fromkeys(np.round(share * (len(distinct) - 1)).astype(int))]


class ProgramFile:
    """Programs in a file, one a line, so that what took long is made once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Program]:
        """Return the programs, each source once."""
        if not self._path.exists():
            return []
        rows = [json.loads(line) for line in self._path.read_text().splitlines()]
        found = {program.key: program for program in (Program(**row) for row in rows)}
        return list(found.values())

    def add(self, programs: list[Program]) -> None:
        """Append programs."""
        with self._path.open("a") as file:
            for program in programs:
                row: dict[str, Any] = {
                    "name": program.name,
                    "origin": program.origin,
                    "source": program.source,
                }
                file.write(json.dumps(row) + "\n")
