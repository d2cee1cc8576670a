"""A run that this process works on: watched until it ends, with its outcome and exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from nashforge.cli.errors import FAILED, INTERRUPTED
from nashforge.cli.rendering import output

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
    from nashforge.cli.rendering.runs import summary
    from nashforge.cli.rendering.runs.live import watcher

    settings = config.settings()
    with watcher(settings) as screen, Interruptible(screen) as listener:
        result = execute(listener)
    if as_json:
        spent = archive.calls.spending(archive.runs.get(result.run))[""].cost
        output.print_json({**result.as_dict(), "cost": spent})
    else:
        from nashforge.evolve.results.standings import standing_of
        from nashforge.evolve.search.population.ranking import line_of_descent

        line = [] if result.best is None else line_of_descent(archive, result.best)
        standing = standing_of(archive, result.best, config.domain)
        summary.print_result(output.console(), result, line, settings, database, standing)
        if not config.models.offline:
            from nashforge.cli.rendering.money import print_earnings

            print_earnings(output.console(), archive, archive.runs.get(result.run))
    if result.interrupted:
        summary.print_interrupted(output.console(stderr=True), result.run, database)
        raise typer.Exit(INTERRUPTED)
    if result.best is None:
        print("Error: no program could be measured; see `nashforge status`", file=sys.stderr)
        raise typer.Exit(FAILED)
