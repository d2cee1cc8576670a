"""The pace of a run: what waits to be evaluated or is measured first, and how long that takes."""

from __future__ import annotations

import math

from nashforge.archive import Candidate, Status
from nashforge.evolve.agents.answers import Preparing, Queue
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.executors.local import available_cores
from nashforge.evolve.proposers.agents.payload import PREPARING

LATELY = 8
"""Evaluated programs by which the rate is told."""


def queue_of(desk: Desk) -> Queue:
    """Return the queue of a run, with the rate of the programs that were evaluated lately."""
    counts, settings = desk.standing.counts, desk.standing.settings
    waiting = counts.get(Status.PENDING, 0) + counts.get(Status.RUNNING, 0) + _told(desk)
    workers = settings.get("workers")
    if workers is None and settings.get("executor", "local") == "local":
        workers = available_cores()
    each = _seconds_each(desk)
    rounds = math.ceil(waiting / (workers or 1))
    return Queue(
        programs=waiting,
        workers=workers,
        seconds_each=each,
        seconds=None if each is None or workers is None else round(rounds * each, 1),
    )


def _told(desk: Desk) -> int:
    """Return how many programs were told that the run has not taken yet."""
    return len(desk.archive.requests.told([one.id for one in _written(desk)]))


def _written(desk: Desk) -> list[Candidate]:
    return desk.archive.candidates.of(desk.run, status=[Status.PROPOSING])


def _seconds_each(desk: Desk) -> float | None:
    done = [one for one in desk.archive.candidates.of(desk.run, status=[Status.OK]) if one.imported is None]
    taken = []
    for candidate in done[-LATELY:]:
        rows = desk.archive.evaluations.find(candidate=candidate)
        seconds = [row.wall_seconds for row in rows if row.wall_seconds is not None]
        if seconds:
            taken.append(sum(seconds))
    return round(sum(taken) / len(taken), 2) if taken else None


def preparing_of(desk: Desk) -> Preparing | None:
    """Return how far a run is with what it measures before the first task; None if that is not known."""
    stored = desk.archive.runs.get_value(desk.run, PREPARING)
    if not isinstance(stored, dict):
        return None
    done, of, measured = int(stored["done"]), int(stored["of"]), int(stored["measured"])
    if done >= of:
        starts = desk.archive.candidates.of(desk.run)
        ready = sum(one.status.finished for one in starts)
        return Preparing(what="the programs that it starts from", done=ready, of=max(len(starts), ready))
    left = (of - done) * float(stored["seconds"]) / measured if measured else None
    return Preparing(
        what=str(stored["what"]), done=done, of=of, seconds=None if left is None else round(left, 1)
    )
