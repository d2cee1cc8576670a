"""``nashforge stop``: ask a run to stop."""

from __future__ import annotations

from nashforge.cli.options.archives import find_search, not_running, opened, running_of
from nashforge.cli.options.shared import Database, Json, SearchName
from nashforge.cli.rendering import output


def stop(run: SearchName, database: Database = None, json: Json = None) -> None:
    """Ask a run or a study to stop.

    It finishes what it is measuring, and can be resumed. A run whose process died is marked as stopped.
    """
    from nashforge.archive import RunState, Study
    from nashforge.evolve.results.run_status import is_alive

    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            for each in running_of(archive, found, "stop"):
                archive.runs.request_stop(each)
                archive.runs.request_pause(each, paused=False)
            _say(found.nickname, "running", stop_requested=True, as_json=output.wants_json(json))
            return
        alive = is_alive(archive, found)
        if alive:
            archive.runs.request_stop(found)
            archive.runs.request_pause(found, paused=False)
        elif found.state is RunState.RUNNING:
            # Its process is gone: nobody is there to ask, so its state is set right.
            found = archive.runs.set_state(found, RunState.STOPPED, "its process died")
        else:
            raise not_running(archive, found, "stop")
    _say(found.nickname, str(found.state), stop_requested=alive, as_json=output.wants_json(json))


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
