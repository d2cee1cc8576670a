"""The pool of programs of a domain: made once, seeded, and kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.fitness.measuring import Played, measure
from benchmarks.fitness.programs import (
    Judge,
    Program,
    ProgramFile,
    library,
    random_programs,
    searched_programs,
    spread_out,
)
from nashforge.evolve.domains import domain


class SmallSearch(NamedTuple):
    """A small search: what it starts from, and what it climbs by."""

    start: str
    played: tuple[Played, ...]
    reference: str
    floor: float


class Pool(NamedTuple):
    """What a pool is made of besides the library: so many random programs, and so many of each search."""

    random: int
    searches: dict[str, SmallSearch]
    evaluations: int
    of_each: int


SMALL = (
    "kuhn_poker(players=3)",
    "leduc_poker",
    "goofspiel(num_cards=4,imp_info=True,points_order=descending)",
)


def _cfr_searches() -> dict[str, SmallSearch]:
    long, short = ([Played(game, horizon) for game in SMALL] for horizon in (1000, 100))
    scaled = [Played(game, 1000, scale) for game, scale in zip(SMALL, (100.0, 0.01, 100.0))]
    climbs = {"long": long, "short": short, "both": long + short, "scaled": scaled + short}
    return {
        f"{name}-{start}": SmallSearch(start, tuple(played), "dcfr", 1e-7)
        for start in ("cfr_plus",)
        for name, played in climbs.items()
    }


POOLS = {
    "cfr": Pool(320, _cfr_searches(), 120, 17),
    "psro": Pool(300, {}, 0, 0),
}


def judge_of(kind: str, search: SmallSearch) -> Judge:
    """Return what a small search climbs by: orders of magnitude below its reference."""
    work = domain(kind)
    assert work.kind is not None
    programs = work.kind
    references = [measure(programs, work.source(search.reference), played).value for played in search.played]

    def judge(source: str) -> float | None:
        ratios = []
        for played, reference in zip(search.played, references, strict=True):
            value = measure(programs, source, played).value
            if not np.isfinite(value):
                return None
            ratios.append(np.log10(max(reference, search.floor) / max(value, search.floor)))
        return float(np.mean(ratios))

    return judge


def make_pool(kind: str, path: Path, seed: int) -> list[Program]:
    """Return the programs of a domain, random ones last; those that the file lacks are made and added."""
    pool, file, work = POOLS[kind], ProgramFile(path), domain(kind)
    have = {program.name for program in file.read()}
    file.add([program for program in library(kind) if program.name not in have])
    if f"random-{pool.random - 1}" not in have:  # the last of them; they take minutes to make
        file.add([one for one in random_programs(kind, pool.random, seed) if one.name not in have])
    for number, (name, search) in enumerate(pool.searches.items()):
        if any(found.startswith(f"{name}-") for found in have):
            continue
        judge, start = judge_of(kind, search), work.source(search.start)
        tried = searched_programs(kind, start, judge, pool.evaluations, seed + number, name)
        file.add(spread_out(list(tried), pool.of_each))
    return sorted(file.read(), key=lambda program: program.origin == "random")
