"""Models that a run waits for: kept in the archive, so that others than its own process can tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nashforge.archive import Archive, Run

KEY = "models that are away"


@dataclass(frozen=True)
class Outage:
    """A model that is not available.

    Attributes
    ----------
    model : str
        Its label.
    reason : str
        What came instead of its last answer.
    since : datetime
        When it was missed first.
    """

    model: str
    reason: str
    since: datetime


def keep_outages(archive: Archive, run: Run, outages: Iterable[tuple[str, str, float]]) -> None:
    """Store the models that a run waits for now, each with why and for how many seconds it has been away."""
    now = archive.database.now()
    told = [
        {"model": model, "reason": reason, "since": (now - timedelta(seconds=seconds)).isoformat()}
        for model, reason, seconds in outages
    ]
    archive.runs.set_value(run, KEY, {"owner": archive.runs.get(run.id).owner, "models": told})


def outages_of(archive: Archive, run: Run) -> tuple[Outage, ...]:
    """Return the models that a run waits for, as the process that works on it stored them last.

    What another waited for, which has died since, is not known now.
    """
    kept = archive.runs.get_value(run, KEY)
    if kept is None or kept["owner"] != run.owner:
        return ()
    return tuple(
        Outage(one["model"], one["reason"], datetime.fromisoformat(one["since"])) for one in kept["models"]
    )
