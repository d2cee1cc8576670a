"""``nashforge pause``: hold a run back."""

from __future__ import annotations

from nashforge.cli.options.archives import find_run, not_running, opened
from nashforge.cli.options.shared import Database, Json, RunName
from nashforge.cli.rendering import output


def pause(run: RunName, database: Database = None, json: Json = None) -> None:
    """Hold a run back, from any machine.

    What is being measured is finished, and nothing new is begun; its workers are free for other runs. The
    process that works on it waits for `nashforge resume`.
    """
    from nashforge.evolve.results.run_status import is_alive

    with opened(database) as archive:
        found = find_run(archive, run)
        if not is_alive(archive, found):
            raise not_running(archive, found, "pause")
        archive.runs.request_pause(found)
    if output.wants_json(json):
        output.print_json({"run": found.nickname, "paused": True})
        return
    screen = output.console()
    screen.print(f"[cyan]{found.nickname}[/] begins nothing new; what is being measured is finished.")
    screen.print(f"[dim]Let it go on with[/] nashforge resume {found.nickname}")
