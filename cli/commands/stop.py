"""``nashforge stop``: ask a run to stop."""

from __future__ import annotations

from nashforge.cli.options.archives import find_run, not_running, opened
from nashforge.cli.options.shared import Database, Json, RunName
from nashforge.cli.rendering import output


def stop(run: RunName, database: Database = None, json: Json = None) -> None:
    """Ask a run to stop.

    It finishes what it is measuring, and can be resumed. A run whose process died is marked as stopped.
    """
    from nashforge.archive import RunState
    from nashforge.evolve.results.run_status import is_alive

    with opened(database) as archive:
        found = find_run(archive, run)
        alive = is_alive(archive, found)
        if alive:
            archive.runs.request_stop(found)
            archive.runs.request_pause(found, paused=False)
        elif found.state is RunState.RUNNING:
            # Its process is gone: nobody is there to ask, so its state is set right.
            found = archive.runs.set_state(found, RunState.STOPPED, "its process died")
        else:
            raise not_running(archive, found, "stop")
    if output.wants_json(json):
        output.print_json({"run": found.nickname, "state": str(found.state), "stop_requested": alive})
        return
    screen = output.console()
    if alive:
        screen.print(f"Asked [cyan]{found.nickname}[/] to stop; it ends after what it is measuring now.")
    else:
        screen.print(f"[cyan]{found.nickname}[/] is stopped: its process had died.")
    screen.print(f"[dim]Continue it with[/] nashforge resume {found.nickname}")
