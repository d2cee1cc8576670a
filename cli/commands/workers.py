"""``nashforge workers``: who works, and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.options.archives import opened
from nashforge.cli.options.declared import flag
from nashforge.cli.options.shared import Broker, Database, Json, Watch
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import fitted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nashforge.archive import Archive
    from nashforge.evolve.service.settings import ServiceSettings


def workers(
    everybody: Annotated[
        bool, flag("Also those that stopped or have been silent for long.", "--all")
    ] = False,
    watch: Watch = False,
    broker: Broker = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Show the workers, what each has in hand, and what waits.

    With a broker, also how many messages it holds.
    """
    import os

    from nashforge.cli.rendering.runs.watching import watched
    from nashforge.evolve.service.settings import BROKER, service_settings

    settings = service_settings(broker) if broker or os.environ.get(BROKER) else None
    with opened(database) as archive:
        if output.wants_json(json):
            output.print_json(_as_dict(archive, settings, everybody))
            return
        watched(lambda: _table(_as_dict(archive, settings, everybody)), repeat=watch)


def _as_dict(archive: Archive, settings: ServiceSettings | None, everybody: bool) -> dict[str, Any]:
    """Return the workers and the queues, see docs/json.md."""
    from nashforge.evolve.service.status import service_status

    status = service_status(archive, settings)
    rows = [worker for worker in status["workers"] if everybody or worker["state"] in ("busy", "idle")]
    return {**status, "workers": rows}


def _table(status: dict[str, Any]) -> RenderableType:
    from rich.console import Group

    from nashforge.cli.rendering.runs.activity import busy_lines, queue_line

    parts: list[RenderableType] = []
    if status["workers"]:
        table = output.table(
            "worker", "state", "slots", "takes", "last 10 min", "heard", right=("slots", "last 10 min")
        )
        colours = {"busy": "green", "idle": "cyan", "silent": "red", "stopped": "dim"}
        for worker in status["workers"]:
            state = worker["state"]
            table.add_row(
                f"{output.plain(worker['worker'])} [dim]{output.plain(worker['host'])}[/]",
                f"[{colours[state]}]{state}[/]",
                f"{worker['busy']}/{worker['slots']}",
                ", ".join(worker["takes"]),
                str(worker["answered"]),
                f"{output.duration(worker['silent_seconds'])} ago",
            )
        parts += fitted(table, output.console().width)
    else:
        parts.append(output.markup("No worker is alive; start one with [bold]nashforge worker[/]."))
    parts += [output.markup(line) for line in busy_lines(status["running"])]
    parts.append(output.markup(queue_line(status)))
    return Group(*parts)
