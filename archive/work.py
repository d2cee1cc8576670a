"""The work queue's records: attempts at a piece of work, and the workers that make them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class AttemptState(StrEnum):
    """The state of an attempt. Whether the program did well is not the queue's business."""

    QUEUED = "queued"
    """Waiting for a worker."""
    RUNNING = "running"
    """A worker has claimed it."""
    DONE = "done"
    """Its worker answered."""
    LOST = "lost"
    """Its worker died or failed; another attempt takes its place."""
    FAILED = "failed"
    """The last of too many lost attempts."""
    CANCELLED = "cancelled"
    """Given up before a worker claimed it."""

    @property
    def open(self) -> bool:
        """Whether an answer may still come in."""
        return self in (AttemptState.QUEUED, AttemptState.RUNNING)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a piece of work.

    Attributes
    ----------
    token : str
        Identity of the attempt: only its holder can answer, and only while the attempt is its own.
    key : str
        Identity of the work: the same for every attempt at it.
    attempt : int
        1 for the first try, 2 for the retry of a lost one, ...
    kind : str
        What is to be done, and so which workers may claim it: ``evaluate`` or ``propose``.
    tag : float
        Virtual time at which it is due: the lowest is claimed first, see `nashforge.archive.stores.queue`.
    payload : dict or None
        The work, as plain JSON values; None when nobody needs it any more.
    result : dict or None
        The answer, until it has been stored where it belongs.
    reason : str or None
        Why it was lost.
    """

    id: int
    token: str
    key: str
    attempt: int
    kind: str
    run_id: int | None
    candidate_id: int | None
    tag: float
    state: AttemptState
    payload: dict[str, Any] | None
    result: dict[str, Any] | None
    reason: str | None
    worker: str | None
    queued: datetime
    started: datetime | None
    heartbeat: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that registered itself.

    Attributes
    ----------
    name : str
        As attempts name it.
    kinds : str
        What it takes, separated by commas.
    slots : int
        How many attempts it makes at the same time.
    versions : dict
        Of the packages that results depend on.
    stopped : datetime or None
        When it said good-bye.
    silent : float
        Seconds since its last sign of life, by the database's clock.
    """

    id: int
    name: str
    host: str
    pid: int
    kinds: str
    slots: int
    versions: dict[str, Any]
    started: datetime
    heartbeat: datetime
    stopped: datetime | None
    silent: float = 0.0


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt that a worker has in hand.

    Attributes
    ----------
    run, candidate, program : str or int or None
        Nickname of the run, position in it, nickname of the program; None for what belongs to no candidate.
    seconds : float
        Since it was claimed.
    """

    worker: str
    kind: str
    run: str | None
    candidate: int | None
    program: str | None
    attempt: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Activity:
    """The current activity.

    Attributes
    ----------
    waiting : dict of str to int
        Attempts that wait, by kind; those of paused runs included.
    running : tuple of Running
        Attempts in hand, the oldest first.
    answered : dict of str to int
        Attempts answered lately, by worker.
    lost : int
        Attempts lost lately.
    seconds : float
        What lately means: since the first of these answers, at most ten minutes.
    """

    waiting: dict[str, int]
    running: tuple[Running, ...]
    answered: dict[str, int]
    lost: int
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second, lately."""
        return sum(self.answered.values()) / self.seconds
