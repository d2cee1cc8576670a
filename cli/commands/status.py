"""``nashforge status``: where a run stands."""

from __future__ import annotations

from cli.options import Database, Json, LatestRun


def status(run: LatestRun = "latest", database: Database = None, json: Json = None) -> None:
    """Show where a run stands.

    Also while another process works on it.
    """
    from cli import output
    from cli.archives import find_run, opened
    from cli.records import candidate_as_dict, standing_as_dict
    from cli.summary import print_standing
    from evolve.standing import improvements, standing

    with opened(database) as archive:
        now = standing(archive, find_run(archive, run))
        better = improvements(archive.candidates(now.run))
        failures = archive.failures(now.run, limit=5)
    if output.wants_json(json):
        value = standing_as_dict(now)
        value["config"] = now.settings
        value["improvements"] = [candidate_as_dict(candidate) for candidate in better]
        value["latest_failures"] = [candidate_as_dict(candidate) for candidate in failures]
        output.print_json(value)
        return
    print_standing(output.console(), now, better, failures)
