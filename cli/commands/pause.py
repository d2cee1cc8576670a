"""``nashforge pause``: hold a run back."""

from __future__ import annotations

from nashforge.cli.options.archives import find_search, not_running, opened, running_of
from nashforge.cli.options.shared import Database, Json, SearchName
from nashforge.cli.rendering import output


def pause(run: SearchName, database: Database = None, json: Json = None) -> None:
    """Hold a run or a study back, from any machine.

    What is being measured is finished, and nothing new is begun; its workers are free for other runs. The
    process that works on it waits for `nashforge resume`.
    """
    from nashforge.archive import Study
    from nashforge.evolve.results.run_status import is_alive

    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            for each in running_of(archive, found, "pause"):
                archive.runs.request_pause(each)
        elif is_alive(archive, found):
            archive.runs.request_pause(found)
        else:
            raise not_running(archive, found, "pause")
    if output.wants_json(json):
        output.print_json({"run": found.nickname, "paused": True})
        return
    screen = output.console()
    screen.print(f"[cyan]{found.nickname}[/] begins nothing new; what is being measured is finished.")
    screen.print(f"[dim]Let it go on with[/] nashforge resume {found.nickname}")
