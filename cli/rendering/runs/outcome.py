"""A run that this process works on: watched until it ends, with its outcome and exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import typer

from nashforge.cli.errors import FAILED, INTERRUPTED, Failed
from nashforge.cli.rendering import output
from nashforge.evolve.results.endings import stop_words

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.search.events import Listener, Result


def work(
    archive: Archive,
    config: RunConfig,
    execute: Callable[[Listener], Result],
    *,
    database: str | None,
    as_json: bool,
) -> None:
    """Watch a run until it ends, tell its outcome, and exit with its code.

    Parameters
    ----------
    execute
        Works on the run and tells the listener.
    database
        As given on the command line, to be repeated in the commands that are proposed.
    """
    from nashforge.cli.interrupts import Interruptible
    from nashforge.cli.rendering.runs.live import watcher

    settings = config.settings()
    # Also while the outcome is told: whoever was in a hurry hears what became of the run.
    screen = watcher(settings)
    with ExitStack() as watched, Interruptible(screen) as listener:
        watched.enter_context(screen)
        result = execute(listener)
        watched.close()
        with _heard(result):
            _tell(archive, config, result, database, as_json=as_json)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)
    if result.best is None:
        print("Error: no program could be measured; see `nashforge status`", file=sys.stderr)
        raise typer.Exit(FAILED)


@contextmanager
def _heard(result: Result) -> Iterator[None]:
    """Say what became of a run though its outcome could not be printed, as where a disk is full."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # nobody wants to hear it
        raise
    except OSError as error:
        ended = "was interrupted" if result.interrupted else f"has ended ({stop_words(result.stop_reason)})"
        raise Failed(
            f"the run {result.run} {ended} and everything is stored, but its outcome could not be printed "
            f"({error.strerror}); see it with `nashforge status {result.run}`"
        ) from error


def _tell(
    archive: Archive, config: RunConfig, result: Result, database: str | None, *, as_json: bool
) -> None:
    """Print the outcome of a run."""
    from nashforge.cli.rendering.cautions import cautions
    from nashforge.cli.rendering.runs import summary
    from nashforge.evolve.search.measured.standings import standing_of

    standing = standing_of(archive, result.best, config.domain)
    settings = config.settings()
    if as_json:
        spent = archive.calls.spending(archive.runs.get(result.run))[""].cost
        told = {"cost": spent, "cautions": cautions(settings, [standing])}
        output.print_json({**result.as_dict(), **told})
    else:
        from nashforge.evolve.search.population.ranking import line_of_descent

        line = [] if result.best is None else line_of_descent(archive, result.best)
        summary.print_result(output.console(), result, line, settings, database, standing)
        if not config.models.offline:
            from nashforge.cli.rendering.money import print_earnings

            print_earnings(output.console(), archive, archive.runs.get(result.run))
    if result.interrupted:
        summary.print_interrupted(output.console(stderr=True), result.run, database)
