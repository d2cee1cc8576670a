"""Sizes, times and difficulty of the benchmark's games: `python -m benchmarks.families`.

Every game of the suites ``bench-train``, ``bench-validation`` and ``bench-test`` is compiled; what the
programs of the library reach in it, and in which time, is taken from an archive in which
``nashforge bench --all`` has measured it. A game says something only where programs differ: so printed are
the share of programs at the floor of the benchmark and, for games of train and validation, how far the
logarithms of all programs spread. Of the games of test families nothing is printed that could tell which
program wins there: their choice must not depend on it. ``--page`` writes ``docs/games.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nashforge import games
from nashforge.archive import Archive
from nashforge.evolve.benchmarking.campaign import Campaign
from nashforge.evolve.benchmarking.plan import benchmark_of, cases
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.benchmark import Condition
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.games.generators.library import GENERATORS

ITERATIONS = {"cfr": 1_000, "psro": 100}
"""How long the programs of a domain play here."""
TIMED = {"cfr": "cfr_plus", "psro": "uniform"}
"""The program whose time is told."""


@dataclass(frozen=True)
class Row:
    """What is known of one game.

    Attributes
    ----------
    programs : int
        How many programs of the library have played it.
    compiling : float
        Processor time of compiling, in seconds.
    timed, slowest : float or None
        Wall time of the program of `TIMED`, and of the slowest one, in seconds; None: not measured.
    at_floor : float
        The share of programs at the floor.
    spread : float or None
        Standard deviation of the decimal logarithms of the programs' exploitabilities, floored; None where
        the game is a test game.
    """

    game: str
    split: str
    family: str
    players: int
    histories: int
    infosets: int
    sequences: int
    programs: int
    compiling: float
    timed: float | None
    slowest: float | None
    at_floor: float
    spread: float | None


def measured(work: Domain, archive: Archive) -> Iterator[Row]:
    """Yield what is known of each game; one that no program of the library has played is an error."""
    names = list(work.baselines())
    programs = [NamedProgram(name, work.source(name), work.name, "library") for name in names]
    plan = benchmark_of(work)
    wanted = cases(work, list(plan.suites.items()), [Condition(ITERATIONS[work.name])])
    campaign = Campaign(archive, work, programs, wanted)
    campaign.recall()
    for case in wanted:
        found = [campaign.results[name, case] for name in names if (name, case) in campaign.results]
        if not found:
            raise SystemExit(
                f"no program of the library has played {case.game} in this archive; measure it by "
                f"`nashforge bench --all --domain {work.name}`"
            )
        began = time.process_time()
        form = games.compile(case.game, cache=False)
        compiling = time.process_time() - began
        gaps = np.array([np.inf if one.value is None else one.value for one in found])
        values = np.maximum(gaps[np.isfinite(gaps)], case.floor)
        seconds = {one.label: one.seconds for one in found if one.seconds is not None}
        yield Row(
            game=case.game,
            split=case.split,
            family=case.family,
            players=form.players,
            histories=form.nodes,
            infosets=form.infosets,
            sequences=sum(tree.sequences for tree in form.treeplexes),
            programs=len(found),
            compiling=compiling,
            timed=seconds.get(TIMED[work.name]),
            slowest=max(seconds.values(), default=None),
            at_floor=float((gaps <= case.floor).mean()),
            spread=None if case.split == "test" else float(np.log10(values).std()),
        )


COLUMNS = (
    *("game", "split", "players", "histories", "information sets", "sequences", "compiling, s"),
    *("1 program, s", "slowest, s", "at the floor", "spread"),
)


def cells(row: Row) -> list[str]:
    """Return what a table says of a game."""
    return [
        row.game,
        row.split,
        str(row.players),
        f"{row.histories:,}",
        f"{row.infosets:,}",
        f"{row.sequences:,}",
        f"{row.compiling:.1f}",
        "" if row.timed is None else f"{row.timed:.1f}",
        "" if row.slowest is None else f"{row.slowest:.1f}",
        f"{row.at_floor:.0%}",
        "" if row.spread is None else f"{row.spread:.2f}",
    ]


def summary(rows: Sequence[Row]) -> str:
    """Return what the games are as a whole."""
    families = {row.family for row in rows}
    discerning = sum(row.at_floor < 0.5 for row in rows)
    return (
        f"{len(rows)} games of {len(families)} families, {sum(row.players > 2 for row in rows)} of them for "
        f"more than two players, {min(row.histories for row in rows):,} to "
        f"{max(row.histories for row in rows):,} histories; in {discerning} of them fewer than half of the "
        "programs are at the floor."
    )


def show(rows: Sequence[Row], console: Console) -> None:
    """Print all games."""
    table = Table(COLUMNS[0], COLUMNS[1])
    for column in COLUMNS[2:]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*cells(row))
    console.print(table)
    console.print(summary(rows))


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


def page(work: Domain, rows: Sequence[Row]) -> str:
    """Return the page about the games."""
    measured_by, plan = min(row.programs for row in rows), benchmark_of(work)
    lines = [
        "# Games of the benchmark",
        "",
        f"The suites {', '.join(f'`{name}`' for name in plan.suites.values())} hold games of different",
        "families: what wins on families that nobody tuned for carries over. This page is made by",
        "`python -m benchmarks.families --page docs/games.md`, after `nashforge bench --all`.",
        "",
        summary(rows),
        "",
        f"*At the floor* is the share of programs of the library (of at least {measured_by} of them) whose",
        f"exploitability is at most {plan.floor:g} of the range of payoffs after {ITERATIONS[work.name]:,}",
        "iterations; *spread* the standard deviation of their decimal logarithms, which is not looked at on",
        f"test families. Times are those of a core of a busy machine; *1 program* is `{TIMED[work.name]}`.",
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
    """Show the games, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--domain", choices=tuple(ITERATIONS), default="cfr")
    parser.add_argument(
        "--database", help="archive with the measurements ($NASHFORGE_DATABASE, or the user's)"
    )
    parser.add_argument("--page", type=Path, help="write the page about the games to this file")
    asked = parser.parse_args()
    work = domain(asked.domain)
    with Archive.open(asked.database) as archive:
        rows = list(measured(work, archive))
    show(rows, Console(emoji=False))
    if asked.page:
        asked.page.write_text(page(work, rows))


if __name__ == "__main__":
    main()
