"""The page of a run's family tree: every measured program, and on demand those that failed."""

from __future__ import annotations

from nashforge.cli.dashboard.charts.tree import tree_of
from nashforge.cli.dashboard.views.base import Asked, View, named_run
from nashforge.cli.dashboard.views.program import panel_data
from nashforge.evolve.results.lineage import outline_of


def lineage(asked: Asked) -> View:
    """Return the page of a run's tree; ``at`` names the program that is shown beside it."""
    run = named_run(asked)
    failed = asked.get("failed") == "1"
    family = outline_of(asked.archive, run, failed=failed)
    chosen = asked.get("at")
    line = [item for key, item in family.members.items() if key in family.best]
    if not chosen and line:
        chosen = line[-1].program or ""
    # Deep trees have hundreds of thousands of pixels; the picture begins with all of it in sight.
    data = {
        "family": family,
        "tree": tree_of(family),
        "failed": failed,
        "chosen": chosen,
        "line": line,
        "panel": panel_data(asked, chosen) if chosen else None,
    }
    return View("lineage.html.jinja", f"Lineage of {run.nickname}", data, run=run, place="runs")
