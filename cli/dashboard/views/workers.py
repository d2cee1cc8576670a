"""The page of workers: who works, on what, what waits, and how fast it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.evolve.service.status import service_status

RECENT_MINUTES = 10


def workers(asked: Asked) -> View:
    """Return the page of workers, and of searches that work by themselves."""
    status, now = service_status(asked.archive), datetime.now(UTC)
    lanes: dict[str, list[dict[str, Any]]] = {}
    for item in status["running"]:
        told = {**item, "began": now - timedelta(seconds=item["seconds"])}
        lanes.setdefault(item["worker"] or "-", []).append(told)
    every = asked.get("all") == "1"
    # Moments, which the page keeps current while there are no news: seconds would stand still.
    shown = [
        {**worker, "heard": now - timedelta(seconds=worker["silent_seconds"])}
        for worker in status["workers"]
        if every or worker["state"] in ("busy", "idle", "silent")
    ]
    longest = max((item["seconds"] for item in status["running"]), default=1.0)
    data = {
        "status": status,
        "workers": shown,
        "lanes": lanes,
        "strangers": sorted(lanes.keys() - {worker["worker"] for worker in shown}),
        "longest": longest,
        "every": every,
        "left_out": len(status["workers"]) - len(shown),
        "minutes": RECENT_MINUTES,
        "jobs": [] if asked.jobs is None else asked.jobs.all(),
        "linked": True,
    }
    return View("workers.html.jinja", "Workers", data, place="workers")
