"""Records that the archive hands out and takes in: frozen records, free of any database session."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeAlias


class RunState(StrEnum):
    """The state of a run."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    """Imported from where it was being worked on. (A pause that is asked for is `Run.pause_requested`.)"""
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


class Status(StrEnum):
    """The status of a candidate or of an evaluation.

    A failure is a status and has no score, so that nothing that failed can ever rank above what worked.
    """

    PROPOSING = "proposing"
    """A candidate whose program is still being written."""
    PENDING = "pending"
    """Waiting for a worker."""
    RUNNING = "running"
    """A worker has it."""
    OK = "ok"
    """Measured."""
    REJECTED = "rejected"
    """Refused before it ran: does not parse, breaks the rules of the sandbox, no usable proposal."""
    DUPLICATE = "duplicate"
    """The same program, or the same but for names and layout, was seen in this run."""
    CRASHED = "crashed"
    """The candidate's code raised an error."""
    TIMEOUT = "timeout"
    """It used more time than allowed."""
    MEMORY = "memory"
    """It used more memory than allowed."""
    INVALID_OUTPUT = "invalid_output"
    """It returned something that is not a valid answer (a policy that does not sum to one, NaN)."""
    INFRASTRUCTURE = "infrastructure"
    """Not the candidate's fault: a worker died, a disk was full. May be retried; never cached."""
    CANCELLED = "cancelled"
    """Given up because the run stopped. May be retried."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in (Status.PROPOSING, Status.PENDING, Status.RUNNING)

    @property
    def failed(self) -> bool:
        """Whether it ended without a measurement."""
        return self.finished and self is not Status.OK


OPEN = tuple(status for status in Status if not status.finished)
"""The statuses of unfinished work."""
FAILED = tuple(status for status in Status if status.failed)
"""The statuses of failures."""


class Role(StrEnum):
    """The role of a parent for its child."""

    PARENT = "parent"
    CROSSOVER = "crossover"
    INSPIRATION = "inspiration"


@dataclass(frozen=True, slots=True)
class Run:
    """One search.

    Attributes
    ----------
    id : int
        Number within this database.
    uid : str
        Identity across databases, 32 hexadecimal digits.
    config : dict
        The complete validated configuration of the run.
    versions, host : dict
        Versions of the packages, and the machine, that the run was started with.
    owner : str or None
        Names the process that works on the run, ``HOST:PID/IDENTITY``; ``heartbeat`` says when it was last
        alive.
    stop_requested : datetime or None
        When somebody asked the run to stop.
    pause_requested : datetime or None
        Since when the run is to pause.
    imported : datetime or None
        When it arrived from another archive; None if it was made in this one.
    """

    id: int
    uid: str
    nickname: str
    domain: str
    config: dict[str, Any]
    seed: int | None
    state: RunState
    stop_reason: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    versions: dict[str, Any]
    host: dict[str, Any]
    owner: str | None
    heartbeat: datetime | None
    stop_requested: datetime | None
    pause_requested: datetime | None = None
    imported: datetime | None = None

    @property
    def worked_on_by(self) -> str | None:
        """The process that works on the run, as people are told: host and number."""
        return None if self.owner is None else self.owner.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Study:
    """Several runs that differ by their seeds alone.

    Attributes
    ----------
    uid : str
        Identity across databases, 32 hexadecimal digits.
    config : dict
        What its runs have in common: a configuration without a seed.
    imported : datetime or None
        When it arrived from another archive; None if it was made in this one.
    """

    id: int
    uid: str
    nickname: str
    domain: str
    config: dict[str, Any]
    created: datetime
    imported: datetime | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """An immutable source, named by its content; ``imported`` if it was first seen in an import."""

    hash: str
    nickname: str
    domain: str
    source: str
    ast_hash: str | None
    created: datetime
    imported: datetime | None = None


class Parent(NamedTuple):
    """A candidate that another was made from."""

    candidate_id: int
    role: Role = Role.PARENT


@dataclass(frozen=True, slots=True)
class Candidate:
    """One step of a run: a program proposed at one position, and what became of it.

    Attributes
    ----------
    run : str
        Nickname of the run.
    index : int
        Position in the order in which the run asked, from 0.
    program, nickname : str or None
        Hash and nickname of the program; None while, or if, there is none.
    note : str or None
        What was changed, in words.
    data : dict
        Whatever the proposer wants back on resume.
    train, validation, test : float or None
        Fitness, higher is better; None where not (successfully) measured.
    imported : datetime or None
        When its outcome arrived from another archive; None for one that was found here.
    """

    id: int
    run_id: int
    run: str
    index: int
    status: Status
    program: str | None
    nickname: str | None
    operator: str
    proposer: str
    island: int | None
    reason: str | None
    note: str | None
    data: dict[str, Any]
    created: datetime
    finished: datetime | None
    train: float | None
    validation: float | None
    test: float | None
    imported: datetime | None = None
    parents: tuple[Parent, ...] = ()


Direction: TypeAlias = Literal["min", "max"]
"""Which way a metric is better."""


class Score(NamedTuple):
    """One measured number. A tuple, because a run has hundreds of thousands of them.

    Attributes
    ----------
    game : str
        Game string; empty for a number about the whole evaluation.
    metric : str
        For example ``exploitability`` or ``seconds``.
    direction : str
        ``"min"`` or ``"max"``: which way is better.
    iteration : int or None
        Checkpoint, where the metric has several.
    """

    game: str
    metric: str
    value: float
    direction: Direction = "min"
    iteration: int | None = None


def new_token() -> str:
    """Return a fresh attempt token: 32 random hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvaluation:
    """A measurement to be stored; the fields are those of :class:`Evaluation`.

    ``token`` identifies the attempt: storing the same token twice stores it once.
    """

    program: str
    suite: str
    status: Status
    token: str = field(default_factory=new_token)
    suite_digest: str = ""
    evaluator: str = ""
    split: str | None = None
    seeds: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    log: str | None = None
    worker: str | None = None
    tier: str | None = None
    started: datetime | None = None
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    peak_memory: int | None = None
    fitness: float | None = None
    fingerprint: str | None = None
    scores: tuple[Score, ...] = ()

    def __post_init__(self) -> None:
        if not self.status.finished:
            raise ValueError(f"an evaluation to be stored must be finished; its status is {self.status}")
        for name in ("fitness", "cpu_seconds", "wall_seconds"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; it must be finite or None")
        if self.status.failed and (self.scores or self.fitness is not None):
            raise ValueError(f"an evaluation that ended as {self.status} must have no scores and no fitness")
        for score in self.scores:
            if not math.isfinite(score.value):
                raise ValueError(
                    f"the score {score.metric} of {score.game or 'the evaluation'} is {score.value}; scores "
                    "must be finite, store a failure as a status instead"
                )
            if score.direction not in ("min", "max"):
                raise ValueError(
                    f"the direction of {score.metric} is {score.direction!r}; it must be 'min' or 'max'"
                )
        keys = {(score.game, score.metric, score.iteration) for score in self.scores}
        if len(keys) != len(self.scores):
            raise ValueError("two scores of one evaluation have the same game, metric and iteration")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One measurement of one program, or the attempt at it. Never overwritten: a new one is a new row.

    Attributes
    ----------
    token : str
        Identity of the attempt, across databases.
    attempt : int
        1 for the first try, 2 for the retry of a lost one, ...
    split : str or None
        ``train``, ``validation``, ``test``, ``stage``, or None for one made on request.
    suite, suite_digest, evaluator : str
        Name and content hash of the suite, and version of the evaluator: together they say whether two
        measurements can be compared.
    tier : str or None
        Strength of the sandbox that confined the candidate.
    peak_memory : int or None
        Bytes.
    fingerprint : str or None
        Hash of the behaviour, equal for programs that act alike.
    imported : datetime or None
        When it arrived from another archive: it is then shown, and never taken for a measurement of our own.
    """

    id: int
    token: str
    attempt: int
    program: str
    run_id: int | None
    candidate_id: int | None
    split: str | None
    suite: str
    suite_digest: str
    evaluator: str
    seeds: tuple[int, ...]
    settings: dict[str, Any]
    status: Status
    reason: str | None
    log: str | None
    worker: str | None
    tier: str | None
    queued: datetime
    started: datetime | None
    heartbeat: datetime | None
    finished: datetime | None
    cpu_seconds: float | None
    wall_seconds: float | None
    peak_memory: int | None
    fitness: float | None
    fingerprint: str | None
    imported: datetime | None = None
    scores: tuple[Score, ...] = ()
