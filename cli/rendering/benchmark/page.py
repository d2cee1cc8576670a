"""A benchmark as a page of documentation: tables in Markdown, and the figure beside it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nashforge.cli.options.files import write_text
from nashforge.cli.rendering import output
from nashforge.cli.rendering.benchmark.text import (
    costs_table,
    families_table,
    meaning,
    pairs_table,
    profile_table,
    standings_table,
)
from nashforge.cli.rendering.figures.profiles import draw_profiles
from nashforge.evolve.benchmarking.request import SPLITS

if TYPE_CHECKING:
    from rich.table import Table

    from nashforge.evolve.benchmarking.request import Bench
    from nashforge.evolve.benchmarking.summary import Summary


def write_page(path: Path, bench: Bench, told: Summary) -> None:
    """Write a page and its figure.

    Raises
    ------
    nashforge.cli.errors.Failed
        If there is nothing to tell, or a file cannot be written.
    """
    picture = path.with_suffix(".svg")
    draw_profiles(told, picture)
    write_text(path, "\n".join(_lines(bench, told, path, picture.name)) + "\n")


def _command(bench: Bench, path: Path) -> str:
    """Return the command that writes the page."""
    if set(bench.splits) == set(SPLITS):
        games = ["--all"]
    else:
        games = [f"--split {split}" for split in bench.splits] or [
            f"--suite {shlex.quote(bench.cases[0].suite)}"
        ]
    quick = ["--quick"] if bench.quick else []
    options = [*games, *quick, f"--domain {bench.domain.name}", f"--write {shlex.quote(path.name)}"]
    return " ".join(["nashforge bench", *map(shlex.quote, bench.focus), *options])


def _lines(bench: Bench, told: Summary, path: Path, picture: str) -> Iterator[str]:
    yield f"# Benchmark of {bench.domain.name}"
    yield ""
    yield "This page is written by the command below, which goes on where it was when it is interrupted:"
    yield ""
    yield f"```sh\n{_command(bench, path)}\n```"
    yield ""
    lengths = ", ".join(f"{n:,}" for n in told.iterations)
    yield (
        f"{len(told.labels)} programs, {len(told.games)} games of {len(told.families)} families "
        f"({', '.join(bench.splits) or 'a suite of its own'}), {lengths} iterations, evaluator "
        f"`{bench.domain.evaluator}`. {meaning(bench, told)}"
    )
    if len(told.cases) < told.planned:
        yield ""
        yield (
            f"**Not complete**: {len(told.cases)} of {told.planned} measurements a program are done by all "
            "programs, and only those count here."
        )
    yield ""
    yield f"![Performance profiles: share of games within a factor of the best]({picture})"
    for title, text, table in _parts(told):
        yield f"\n## {title}\n\n{text}\n"
        yield from markdown(table)
    yield "\n## Worst games\n\nThe lowest ratio of every program.\n"
    yield "| program | ratio | iterations | game |"
    yield "|---|---:|---:|---|"
    for standing in told.standings:
        if standing.worst is not None:
            ratio, game, iterations = standing.worst
            yield f"| {standing.label} | {ratio:+.3f} | {iterations:,} | `{game}` |"


def _parts(told: Summary) -> Iterator[tuple[str, str, Table]]:
    yield (
        "Standing",
        "Wins, ties and losses against all other programs, over all games and iterations; the mean ratio, "
        "its interval, and by iterations; `last`: the ratio of the last iterate to the reference's average; "
        "the worst ratio in any game; failures.",
        standings_table(told),
    )
    yield "Against each other", "Wins, ties and losses of the program of the column.", pairs_table(told)
    yield "By family", "Mean ratio over the games and iterations of a family.", families_table(told)
    yield (
        "Performance profile",
        "Share of games and iterations in which a program is within a factor of the best of all.",
        profile_table(told),
    )
    yield (
        "Scale and time",
        "By how many orders of magnitude a program gets better (or, below zero, worse) when all payoffs are "
        "multiplied, the largest relative difference that this makes, and the time of an iteration, median "
        "over games: wall time in the engine, and processor time of the program's own processes with their "
        "start. Times are of the machine that measured them; all else is the same on any, but for rounding.",
        costs_table(told),
    )


def markdown(table: Table) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""

    def plain(cells: Sequence[object]) -> str:
        return "| " + " | ".join(output.markup(str(cell)).plain for cell in cells) + " |"

    yield plain([column.header for column in table.columns])
    yield "|" + "|".join("---:" if column.justify == "right" else "---" for column in table.columns) + "|"
    for row in zip(*(list(column.cells) for column in table.columns), strict=True):
        yield plain(row)
