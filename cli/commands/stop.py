"""``nashforge stop``: ask a run to stop."""

from __future__ import annotations

from nashforge.cli.options.archives import find_search, not_running, opened, running_of
from nashforge.cli.options.shared import Database, Json, SearchName
from nashforge.cli.rendering import output


def stop(run: SearchName, database: Database = None, json: Json = None) -> None:
    """Ask a run or a study to stop.

    It finishes what it is measuring, and can be resumed. A run whose process died is marked as stopped.
    """
    from nashforge.archive import Study
    from nashforge.evolve.runs.stopping import stop_run

    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            for each in running_of(archive, found, "stop"):
                stop_run(archive, each)
            _say(found.nickname, "running", stop_requested=True, as_json=output.wants_json(json))
            return
        asked = stop_run(archive, found)
        if asked is None:
            raise not_running(archive, found, "stop")
        found = archive.runs.get(found)
    _say(found.nickname, str(found.state), stop_requested=asked, as_json=output.wants_json(json))


def _say(name: str, state: str, *, stop_requested: bool, as_json: bool) -> None:
    if as_json:
        output.print_json({"run": name, "state": state, "stop_requested": stop_requested})
        return
    screen = output.console()
    if stop_requested:
        screen.print(f"Asked [cyan]{name}[/] to stop; it ends after what it is measuring now.")
    else:
        screen.print(f"[cyan]{name}[/] is stopped: its process had died.")
    screen.print(f"[dim]Continue it with[/] nashforge resume {name}")
