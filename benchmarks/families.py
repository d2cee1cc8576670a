"""Sizes, times and difficulty of the benchmark's games: `python -m benchmarks.families`.

Every game of the suites ``bench-train``, ``bench-validation`` and ``bench-test`` is compiled, and every
rule of the library plays it for 1,000 iterations. A game says something only where the rules differ: so
printed are the share of rules whose exploitability is at the floor (1e-7 of the range of payoffs) and, for
games of train and validation, how far the logarithms of all rules spread. Of the games of test families
nothing is printed that could tell which rule wins there: their choice must not depend on it. ``--page``
writes ``docs/games.md``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nashforge import games
from nashforge.games.generators.library import GENERATORS
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.psro.engine import PSRO
from nashforge.solvers.solving import solve

HORIZONS = (10, 100, 1000)
LONGEST = 10_000
SCALES = (0.01, 1.0, 100.0)


@dataclass(frozen=True)
class Bench:
    """A benchmark: its suites, whose programs play, how long, and the floor as a share of the payoffs' range.

    Attributes
    ----------
    timed : str
        The program whose time is told.
    """

    suites: tuple[str, ...]
    kind: ProgramKind
    iterations: int
    floor: float
    timed: str


BENCHES = {
    "cfr": Bench(("bench-train", "bench-validation", "bench-test"), CFR, 1000, 1e-7, "cfr_plus"),
    "psro": Bench(
        ("psro-bench-train", "psro-bench-validation", "psro-bench-test"), PSRO, 100, 1e-4, "uniform"
    ),
}


@dataclass(frozen=True)
class Row:
    """What is known of one game.

    Attributes
    ----------
    compiling, timed, slowest : float
        Processor time of compiling, of the benchmark's timed program, and of the slowest one, in seconds.
    rules : int
        How many rules were run.
    at_floor : float
        The share of them at the floor.
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
    timed: float
    slowest: float
    rules: int
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
    return len(SCALES) * sum(row.timed * iterations[row.game] / max(HORIZONS) for row in rows)


def measured(bench: Bench, suite: str, rules: Sequence[str], known: Mapping[str, Row]) -> Iterator[Row]:
    """Yield what is known of the games of a suite."""
    for family, members in games.load_suite(suite).families.items():
        for game in members:
            if game in known and known[game].rules >= len(rules):
                yield replace(known[game], suite=suite, family=family)
                continue
            began = time.process_time()
            form = games.compile(game, cache=False)
            compiling = time.process_time() - began
            games.compile(game)  # into the cache, for whoever plays it next
            gaps, seconds = [], dict[str, float]()
            for rule in rules:
                began = time.process_time()
                with np.errstate(all="ignore"):
                    gaps.append(solve(form, rule, bench.iterations, [bench.iterations]).gap)
                seconds[rule] = time.process_time() - began
            found = np.maximum(np.array(gaps) / form.payoff_range, bench.floor)
            yield Row(
                game=game,
                suite=suite,
                family=family,
                players=form.players,
                histories=form.nodes,
                infosets=form.infosets,
                sequences=sum(tree.sequences for tree in form.treeplexes),
                zero_sum=form.zero_sum,
                rules=len(rules),
                compiling=compiling,
                timed=seconds.get(bench.timed, float("nan")),
                slowest=max(seconds.values()),
                at_floor=float((found <= bench.floor).mean()),
                spread=None if suite.endswith("bench-test") else float(np.log10(found).std()),
            )


COLUMNS = (
    *("game", "split", "players", "histories", "information sets", "sequences", "compiling, s"),
    *("1 program, s", "slowest, s", "at the floor", "spread"),
)


def cells(row: Row) -> list[str]:
    """Return what a table says of a game."""
    return [
        row.game,
        row.suite.rpartition("-")[2],
        str(row.players),
        f"{row.histories:,}",
        f"{row.infosets:,}",
        f"{row.sequences:,}",
        f"{row.compiling:.1f}",
        f"{row.timed:.1f}",
        f"{row.slowest:.1f}",
        f"{row.at_floor:.0%}",
        "" if row.spread is None else f"{row.spread:.2f}",
    ]


def summary(bench: Bench, rows: Sequence[Row]) -> str:
    """Return what the games are as a whole."""
    families = {row.family for row in rows}
    discerning = sum(row.at_floor < 0.5 for row in rows)
    said = (
        f"{len(rows)} games of {len(families)} families, {sum(row.players > 2 for row in rows)} of them for "
        f"more than two players, {min(row.histories for row in rows):,} to "
        f"{max(row.histories for row in rows):,} histories; in {discerning} of them fewer than half of the "
        "programs are at the floor."
    )
    if bench.kind is CFR:
        said += (
            f" A rule as fast as CFR+ needs {cost(rows) / 60:.1f} minutes of processor time for all games at "
            f"horizons {', '.join(map(str, HORIZONS))} ({LONGEST:,} on the small half) and {len(SCALES)} "
            "scales."
        )
    return said


def show(bench: Bench, rows: Sequence[Row], console: Console) -> None:
    """Print all games, and what they cost."""
    table = Table(COLUMNS[0], COLUMNS[1])
    for column in COLUMNS[2:]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*cells(row))
    console.print(table)
    console.print(summary(bench, rows))


FAMILIES = {
    "poker": "Kuhn (1950); Southey et al., UAI 2005; others by the betting of the Annual Computer Poker "
    "Competition (universal_poker)",
    "goofspiel": "Ross, Journal of Applied Probability 8 (1971), with bids that are not seen",
    "liars_dice": "Lisy, Lanctot & Bowling, AAMAS 2015",
    "random_trees": "of our own: [random_tree](#games-from-a-seed)",
    "random_matrices": "of our own: [normal_matrix](#games-from-a-seed)",
    "blotto": "Borel (1921), translated in Econometrica 21 (1953)",
    "oshi_zumo": "Buro, Solving the Oshi-Zumo Game (2003)",
    "battleship": "Farina et al., NeurIPS 2019 (correlation in extensive-form games)",
    "auctions": "Vickrey, Journal of Finance 16 (1961): first price, sealed bids",
    "structured_matrices": "of our own: [low_rank_matrix, sparse_matrix](#games-from-a-seed)",
    "dark_hex": "Hex without seeing the other's stones: ICGA Journal, doi 10.3233/ICG-180057",
    "sheriff": "Farina et al., NeurIPS 2019: a smuggler bargains with a sheriff",
    "bargaining": "Lewis et al., EMNLP 2017",
    "pursuit": "of our own, after Bosansky et al., JAIR 51 (2014)",
    "inspection": "Dresher (1962); von Stengel, Mathematics of Operations Research 41 (2016)",
    "security": "Kiekintveld et al., AAMAS 2009",
    "games_of_skill": "Czarnecki et al., NeurIPS 2020; Balduzzi et al., ICML 2019",
}
"""Where the families come from."""


def page(bench: Bench, rows: Sequence[Row]) -> str:
    """Return the page about the games."""
    measured_by = min(row.rules for row in rows)
    lines = [
        "# Games of the benchmark",
        "",
        "The suites `bench-train`, `bench-validation` and `bench-test` hold games of different families:",
        "what wins on families that nobody tuned for carries over. This page is made by",
        "`python -m benchmarks.families --page docs/games.md`.",
        "",
        summary(bench, rows),
        "",
        f"*At the floor* is the share of programs of the library (of at least {measured_by} of them) whose",
        f"exploitability is at most {bench.floor:g} of the range of payoffs after {bench.iterations:,}",
        "iterations; *spread* the standard deviation of their decimal logarithms, which is not looked at on",
        "test families. Times are those of a core of a busy machine.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"| --- | --- {'| ---: ' * (len(COLUMNS) - 2)}|",
    ]
    for family in dict.fromkeys(row.family for row in rows):
        lines.append(f"| **{family}**{' |' * len(COLUMNS)}")
        own = [row for row in rows if row.family == family]
        lines += [f"| `{cells(row)[0]}` | {' | '.join(cells(row)[1:])} |" for row in own]
    lines += ["", "## Where the families come from", ""]
    lines += [f"- `{family}`: {FAMILIES[family]}." for family in dict.fromkeys(row.family for row in rows)]
    lines += ["", "## Games from a seed", ""]
    for generator in GENERATORS.values():
        source = f" {generator.source}." if generator.source else ""
        lines += [f"**`{generator.name}`**: {generator.title}{source}", ""]
        lines += ["| parameter | default | |", "| --- | --- | --- |"]
        lines += [f"| `{key}` | {one.default} | {one.meaning} |" for key, one in generator.parameters.items()]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure the games, or show what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bench", choices=tuple(BENCHES), default="cfr")
    parser.add_argument("--suites", nargs="+", help="of the benchmark; all, if none is named")
    parser.add_argument("--rules", nargs="+", help="programs of the library; all, if none is named")
    parser.add_argument("--json", type=Path, help="keep what is measured in this file, and go on from it")
    parser.add_argument("--page", type=Path, help="write the page about the games to this file")
    asked = parser.parse_args()
    bench = BENCHES[asked.bench]
    stored = json.loads(asked.json.read_text()) if asked.json and asked.json.exists() else []
    known = {row["game"]: Row(**row) for row in stored}
    rows = dict[str, Row]()
    for suite in asked.suites or bench.suites:
        for row in measured(bench, suite, asked.rules or bench.kind.library.names(), known):
            rows[row.game] = known[row.game] = row
            if asked.json:
                asked.json.write_text(json.dumps([asdict(row) for row in known.values()], indent=1) + "\n")
    show(bench, list(rows.values()), Console())
    if asked.page:
        asked.page.write_text(page(bench, list(rows.values())))


if __name__ == "__main__":
    main()
