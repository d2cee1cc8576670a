"""Sizes, times and difficulty of the benchmark's games: `python -m benchmarks.families`.

Every game of the suites ``bench-train``, ``bench-validation`` and ``bench-test`` is compiled, and every rule
of the library plays it for 1,000 iterations. A game says something only where the rules differ: so printed
are the share of rules whose exploitability is at the floor (1e-7 of the range of payoffs) and, for games of
train and validation, how far the logarithms of all rules spread. Of the games of test families nothing is
printed that could tell which rule wins there: their choice must not depend on it. ``--page`` writes
``docs/games.md``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nashforge import games
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.solving import solve

SUITES = ("bench-train", "bench-validation", "bench-test")
FLOOR = 1e-7
ITERATIONS = 1000
HORIZONS = (10, 100, 1000)
LONGEST = 10_000
SCALES = (0.01, 1.0, 100.0)


@dataclass(frozen=True)
class Row:
    """What is known of one game.

    Attributes
    ----------
    compiling, cfr_plus : float
        Processor time of compiling, and of `ITERATIONS` of CFR+, in seconds.
    at_floor : float
        Share of the library's rules at the floor.
    spread : float or None
        Standard deviation of the decimal logarithms of the rules' exploitabilities, floored; None where the
        game is a test game.
    """

    game: str
    suite: str
    family: str
    players: int
    histories: int
    infosets: int
    sequences: int
    zero_sum: bool
    compiling: float
    cfr_plus: float
    at_floor: float
    spread: float | None


def small_half(rows: Sequence[Row]) -> set[str]:
    """Return the games with at most as many sequences as the median of all: those of the longest horizon."""
    median = float(np.median([row.sequences for row in rows]))
    return {row.game for row in rows if row.sequences <= median}


def cost(rows: Sequence[Row]) -> float:
    """Return the processor time that one rule as fast as CFR+ takes for the whole benchmark, in seconds."""
    small = small_half(rows)
    iterations = {row.game: sum(HORIZONS) + LONGEST * (row.game in small) for row in rows}
    return len(SCALES) * sum(row.cfr_plus * iterations[row.game] / ITERATIONS for row in rows)


def measured(suite: str, rules: Sequence[str]) -> Iterator[Row]:
    """Yield what is known of the games of a suite."""
    for family, members in games.load_suite(suite).families.items():
        for game in members:
            began = time.process_time()
            form = games.compile(game, cache=False)
            compiling = time.process_time() - began
            games.compile(game)  # into the cache, for whoever plays it next
            gaps, seconds = [], 0.0
            for rule in rules:
                began = time.process_time()
                with np.errstate(all="ignore"):
                    gaps.append(solve(form, rule, ITERATIONS, [ITERATIONS]).gap / form.payoff_range)
                if rule == "cfr_plus":
                    seconds = time.process_time() - began
            found = np.maximum(np.array(gaps), FLOOR)
            yield Row(
                game=game,
                suite=suite,
                family=family,
                players=form.players,
                histories=form.nodes,
                infosets=form.infosets,
                sequences=sum(tree.sequences for tree in form.treeplexes),
                zero_sum=form.zero_sum,
                compiling=compiling,
                cfr_plus=seconds,
                at_floor=float((found <= FLOOR).mean()),
                spread=None if suite == "bench-test" else float(np.log10(found).std()),
            )


def show(rows: Sequence[Row], console: Console) -> None:
    """Print all games, and what they cost."""
    table = Table("game", "suite", "players", "histories", "information sets", "sequences", "compiling, s")
    for column in ("CFR+, s", "at the floor", "spread"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.game,
            row.suite.removeprefix("bench-"),
            str(row.players),
            f"{row.histories:,}",
            f"{row.infosets:,}",
            f"{row.sequences:,}",
            f"{row.compiling:.1f}",
            f"{row.cfr_plus:.2f}",
            f"{row.at_floor:.0%}",
            "" if row.spread is None else f"{row.spread:.2f}",
        )
    console.print(table)
    families = {row.family for row in rows}
    discerning = sum(row.at_floor < 0.5 for row in rows)
    console.print(
        f"{len(rows)} games of {len(families)} families; in {discerning} fewer than half of the rules are at "
        f"the floor. One rule as fast as CFR+ takes {cost(rows) / 60:.1f} minutes of processor time."
    )


def main() -> None:
    """Measure the games, or show what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--suites", nargs="+", default=list(SUITES), choices=SUITES)
    parser.add_argument("--rules", nargs="+", default=list(CFR.library.names()))
    parser.add_argument("--json", type=Path, help="keep what is measured in this file, and go on from it")
    asked = parser.parse_args()
    stored = json.loads(asked.json.read_text()) if asked.json and asked.json.exists() else []
    rows = {row["game"]: Row(**row) for row in stored}
    console = Console()
    for suite in asked.suites:
        for row in measured(suite, asked.rules):
            rows[row.game] = row
            if asked.json:
                asked.json.write_text(json.dumps([asdict(row) for row in rows.values()], indent=1) + "\n")
    show(list(rows.values()), console)


if __name__ == "__main__":
    main()
