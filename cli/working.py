"""What ``run`` and ``resume`` share: watching a run, ending it well, telling the outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nashforge.cli.errors import FAILED, INTERRUPTED

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.search.events import Listener, Result
    from nashforge.evolve.service.settings import ServiceSettings


def service_of(config: RunConfig, broker: str | None) -> ServiceSettings | None:
    """Return where a run finds its broker, if it needs one."""
    if config.evaluation.executor == "local" and config.models.propose_on == "here":
        return None
    from nashforge.evolve.service.settings import service_settings

    return service_settings(broker)


def check_named(database: str, file: Path | None) -> None:
    """Make sure that a database of a run's file is on this machine, or named by the environment, too.

    Raises
    ------
    UsageProblem
        If it is on a server that only the file names: passwords would be sent there.
    """
    import os

    from nashforge.archive.storage.location import VARIABLE, file_of, resolve_url
    from nashforge.cli.errors import UsageProblem

    url = resolve_url(database)
    named = os.environ.get(VARIABLE)
    if file_of(url) is None and (named is None or resolve_url(named) != url):
        raise UsageProblem(
            f"the configuration {file} stores the run on a server that you have not named; if you trust it, "
            "give its URL with --database"
        )


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
    from nashforge.cli.rendering import output, summary
    from nashforge.cli.rendering.live import watcher

    settings = config.settings()
    with watcher(settings) as screen, Interruptible(screen) as listener:
        result = execute(listener)
    if as_json:
        spent = archive.calls.spending(archive.runs.get(result.run))[""].cost
        output.print_json({**result.as_dict(), "cost": spent})
    else:
        from nashforge.evolve.search.population.ranking import line_of_descent

        line = [] if result.best is None else line_of_descent(archive, result.best)
        summary.print_result(output.console(), result, line, settings, database)
        if not config.models.offline:
            from nashforge.cli.rendering.money import print_earnings

            print_earnings(output.console(), archive, archive.runs.get(result.run))
    if result.interrupted:
        summary.print_interrupted(output.console(stderr=True), result.run, database)
        raise typer.Exit(INTERRUPTED)
    if result.best is None:
        print("Error: no program could be measured; see `nashforge status`", file=sys.stderr)
        raise typer.Exit(FAILED)
