"""The pace of a run: what waits to be evaluated or is measured first, and how long that takes."""

from __future__ import annotations

import math
from datetime import datetime
from statistics import mean

from nashforge.archive import Candidate, Status
from nashforge.evolve.agents.answers.progress import Preparing, Queue
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.executors.local import available_cores
from nashforge.evolve.search.measured.progress import progress_of

LATELY = 8
"""Evaluated programs by which the rate is told."""

_EVALUATED = (Status.OK, Status.CRASHED, Status.TIMEOUT, Status.MEMORY, Status.INVALID_OUTPUT)


def queue_of(desk: Desk) -> Queue:
    """Return the queue of a run, with how long programs lately kept a worker, by the clock on the wall."""
    counts, settings = desk.standing.counts, desk.standing.settings
    waiting = counts.get(Status.PENDING, 0) + counts.get(Status.RUNNING, 0) + _told(desk)
    workers = settings.get("workers")
    if workers is None and settings.get("executor", "local") == "local":
        workers = available_cores()
    taken = sorted(_taken(desk, workers)) if waiting else []
    if not taken:
        return Queue(programs=waiting, workers=workers)
    each, few = mean(taken), len(taken) < LATELY // 2
    # One that was quick to fail, or slow as nothing else, says little of what comes.
    low, high = (taken[0], taken[-1]) if few else (taken[1], taken[-2])
    rounds = None if workers is None else math.ceil(waiting / workers)
    low_all, all_, high_all = (None if rounds is None else round(rounds * s, 1) for s in (low, each, high))
    return Queue(
        programs=waiting,
        workers=workers,
        seconds_each=round(each, 2),
        seconds=all_,
        seconds_low=low_all,
        seconds_high=high_all,
    )


def _told(desk: Desk) -> int:
    """Return how many programs were told that the run has not taken yet."""
    return len(desk.archive.requests.told([one.id for one in _written(desk)]))


def _written(desk: Desk) -> list[Candidate]:
    return desk.archive.candidates.of(desk.run, status=[Status.PROPOSING])


def _taken(desk: Desk, workers: int | None) -> list[float]:
    """Return for how long each of the last programs kept a worker: all that lies between two outcomes counts.

    That is from when it could begin, as it was told and a worker was free, until its outcome was stored; what
    a busy machine, the sandbox or the run itself takes is in it, and is in no measurement.
    """
    done = [one for one in desk.archive.candidates.of(desk.run) if one.imported is None and one.program]
    ended = sorted(
        ((one.finished, one) for one in done if one.finished is not None and one.status in _EVALUATED),
        key=lambda pair: (pair[0], pair[1].index),
    )
    lately = ended[-LATELY:]
    answers = desk.archive.requests.told([one.id for _, one in lately])
    told = {row.candidate_id: row.finished for row in answers}
    taken = []
    for place, (finished, candidate) in enumerate(lately, len(ended) - len(lately)):
        began = told.get(candidate.id) or _started(desk, candidate) or candidate.created
        if workers is not None and place >= workers:  # until then, others had the workers
            began = max(began, ended[place - workers][0])
        taken.append(max((finished - began).total_seconds(), 0.0))
    return taken


def _started(desk: Desk, candidate: Candidate) -> datetime | None:
    rows = desk.archive.evaluations.find(candidate=candidate)
    return min((row.started for row in rows if row.started is not None), default=None)


def preparing_of(desk: Desk) -> Preparing | None:
    """Return how far a run is with what it measures before the first task; None if that is not known."""
    stored = progress_of(desk.archive, desk.run)
    if stored is None:
        return None
    done, of, measured = stored.counted.done, stored.counted.of, stored.measured
    if done >= of:
        starts = desk.archive.candidates.of(desk.run)
        ready = sum(one.status.finished for one in starts)
        return Preparing(what="the programs that it starts from", done=ready, of=max(len(starts), ready))
    left = (of - done) * stored.seconds / measured if measured else None
    return Preparing(
        what=stored.counted.what, done=done, of=of, seconds=None if left is None else round(left, 1)
    )
