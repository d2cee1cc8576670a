"""``nashforge service``: everything that one machine needs to try runs on workers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.errors import Failed, UsageProblem
from nashforge.cli.options.declared import option
from nashforge.cli.options.shared import Broker, Database, Json
from nashforge.cli.rendering import output

service = typer.Typer(help="Try the service on this machine.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    option("DIR", "Where the servers keep their files. [default: 'service' beside the user's archive]"),
]


def _folder(given: Path | None) -> Path:
    import os

    from nashforge.archive.storage.location import default_path

    if given is not None:
        return given
    # PostgreSQL does not run as root, and other users cannot enter root's folders.
    return Path("/var/tmp/nashforge-service") if os.geteuid() == 0 else default_path().parent / "service"


@service.command()
def up(
    folder: Folder = None,
    workers: Annotated[int, option("N", "Worker processes to start.", min=0, show_default=True)] = 1,
    slots: Annotated[
        int | None, option("N", "Evaluations at the same time of each worker. [default: one a core]", min=1)
    ] = None,
    broker: Broker = None,
    database: Database = None,
) -> None:
    """Start what runs on workers need, until Ctrl-C.

    PostgreSQL, Redis (or RabbitMQ) and a worker are started from the installed programs, listening on this
    machine alone, unless they are named with --database and --broker. What the database holds is kept. What
    ends of them is started again.
    """
    import time
    from contextlib import suppress

    from nashforge.archive import Archive
    from nashforge.cli.interrupts import ended_by_signals
    from nashforge.extras import require

    require("service", "a pool of workers")
    from nashforge.evolve.service.local_stack import local_stack

    screen = output.console()

    def say(text: str) -> None:
        with suppress(
            OSError
        ):  # a terminal that was closed hears nothing, and what runs is ended all the same
            screen.print(f"[dim]{output.plain(text)}[/]", soft_wrap=True)

    place = _folder(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(
            f"the folder {place} cannot be made ({error.strerror}); choose another --folder"
        ) from error
    place.chmod(place.stat().st_mode | 0o011)
    with (
        ended_by_signals(),
        local_stack(
            place, database=database, broker=broker, slots=slots, workers=workers, note=say
        ) as running,
    ):
        Archive.open(running.database).close()
        screen.print("\nIn another terminal:\n")
        chosen = "" if folder is None else f" --folder {folder}"
        for line in (
            f'eval "$(nashforge service env{chosen})"',
            "nashforge run cfr --executor celery",
            "nashforge workers --watch",
        ):
            screen.print(f"  [bold]{output.plain(line)}[/]", soft_wrap=True)
        screen.print("\nCtrl-C ends it; runs are kept.")
        try:
            while True:
                time.sleep(1.0)
                running.tend()
        finally:
            say("ending")


@service.command()
def env(folder: Folder = None, json: Json = False) -> None:
    """Print the variables that point commands at the service that is up, for a shell to read.

    Use: eval "$(nashforge service env)"
    """
    import shlex

    from nashforge.evolve.service.local_stack import remembered

    found = remembered(_folder(folder))
    if found is None:
        raise UsageProblem(
            f"no service is up in {_folder(folder)}; start one with `nashforge service up` "
            "in another terminal"
        )
    if json:
        output.print_json(found)
        return
    for name, value in found.items():
        print(f"export {name}={shlex.quote(value)}")
