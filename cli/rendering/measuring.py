"""Measuring on the command line: progress while it is done, what is said of failures, and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nashforge.cli.errors import UsageProblem
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.measurement.program_results import ProgramResult
    from nashforge.evolve.measurement.request import Measurements, Request


def measure(
    request: Request, *, workers: int | None, tier: str | None, database: str | None, reuse: bool = False
) -> Measurements:
    """Measure programs as a command line asks for, showing that it is being done."""
    from contextlib import closing

    from nashforge.archive import Archive
    from nashforge.cli.rendering import output
    from nashforge.cli.rendering.translated import running
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.evaluator import Interrupted
    from nashforge.evolve.measurement.request import plan

    accepted = check_tier(tier)
    with Archive.open(database) as archive:
        planned = plan(request, archive)
        running(planned.programs, archive)
        try:
            with closing(LocalExecutor(workers)) as executor, progress() as tell:
                return planned.measure(
                    archive,
                    executor,
                    tier=accepted,
                    reuse=reuse,
                    on_measured=tell,
                    on_begin=lambda total, others: output.remark(begin_words(total, others)),
                )
        except Interrupted:
            print("Interrupted before anything was measured; no file was written.", file=sys.stderr)
            raise


def begin_words(total: int, others: Sequence[str]) -> str:
    """Return how much is going to be measured, and which programs that nobody named, and why."""
    from nashforge.cli.rendering import output

    told = f"{output.counted(total, 'measurement')} to be made"
    if not others:
        return told
    return (
        f"{told}, also of {', '.join(others)}: fitness is relative to the best reference (--reference none "
        "leaves it out)"
    )


def leave(measured: Measurements) -> None:
    """End the command with its exit code, after saying what is missing.

    Raises
    ------
    typer.Exit
        If measurements failed or are missing.
    """
    import typer

    from nashforge.cli.errors import FAILED, INTERRUPTED

    if measured.missing:
        what = "measurement is" if measured.missing == 1 else "measurements are"
        text = f"Interrupted: {measured.missing} {what} missing. What is finished is kept, here and in files."
        print(text, file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    if measured.failures:
        raise typer.Exit(FAILED)


def heading(measured: Measurements) -> str:
    """Return what was measured, in a line of markup."""
    from nashforge.cli.rendering import output

    what = f", suite [cyan]{output.plain(measured.suite)}[/]" if measured.suite else ""
    name = output.plain(measured.metric.label)
    return f"{name} after {measured.length}{what}; {measured.metric.better} is better"


def print_notes(measured: Measurements, screen: Console) -> None:
    """Say why programs failed, a line each, where uniform play was measured, and what fitness means."""
    from nashforge.cli.rendering import output
    from nashforge.solvers.programs.solution import no_average_words

    for row in measured.failures:
        where = f"{output.plain(row.label)} in {output.plain(row.game)}"
        screen.print(f"[red]{where}:[/]{output.because(row.reason)}")
    for label in measured.labels:
        rows = [row for row in measured.of(label) if row.averaged is False]
        if rows:
            where = rows[0].game if len(rows) == 1 else f"{len(rows)} games"
            words = no_average_words(label, where, rows[0].iterations)
            screen.print(f"[yellow]{output.plain(words)}[/]")


def check_tier(tier: str | None) -> str:
    """Return the weakest tier to accept, if this machine offers it.

    Raises
    ------
    nashforge.evolve.sandbox.SandboxUnavailable
        If it does not.
    """
    from nashforge.evolve.sandbox import Tier, probe

    if tier is not None and tier not in {item.value for item in Tier}:
        raise UsageProblem(
            f"there is no sandbox tier {tier!r}; {choice(tier, [item.value for item in Tier])}"
        )
    weakest = Tier(tier or Tier.STRICT)
    probe().require(weakest)
    return weakest.value


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[ProgramResult, int, int], None]]:
    """Yield what to call after every measurement: a bar on a terminal, lines elsewhere."""
    from nashforge.cli.rendering import output

    screen = output.console(stderr=True)
    if quiet or not screen.is_terminal or screen.is_dumb_terminal:

        def line(measured: ProgramResult, done: int, total: int) -> None:
            what = output.number(measured.value) if measured.value is not None else str(measured.status)
            output.remark(f"{done}/{total} {measured.label} in {measured.game}: {what}")

        yield line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim", markup=False),
        console=screen,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)

        def show(measured: ProgramResult, done: int, total: int) -> None:
            what = output.visible(output.shorten(f"{measured.label} in {measured.game}", 40), "")
            bar.update(task, completed=done, total=total, description=what)

        yield show
