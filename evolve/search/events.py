"""Events that a run tells its observers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nashforge.archive.records import Candidate
from nashforge.evolve.evaluation.standing import Standing
from nashforge.evolve.proposers.base import Ledger


@dataclass(frozen=True)
class Counted:
    """Measurements of one kind that a run waits for: how many are made, of how many."""

    what: str
    done: int
    of: int


@dataclass(frozen=True)
class Snapshot:
    """The state of a run.

    Attributes
    ----------
    phase : str
        ``preparing``, ``searching``, ``challenging``, ``auditing``, ``testing``, ``paused`` or ``done``.
    evaluations, limit : int
        Candidates evaluated so far, and at most.
    best : Candidate or None
        The best so far: verified on disguised games if any is, else on the training games.
    seed_train : float or None
        Training fitness of the seed.
    outcomes : dict
        Number of candidates by status.
    seconds : float
        Since this process began to work on the run.
    writing : int
        How many programs are being written.
    ledger : Ledger or None
        What was spent on models, where they write.
    standing : Standing or None
        Of the best, on the games of training and validation.
    counted : Counted or None
        Measurements that are waited for, of references or in the end of the best.
    """

    run: str
    phase: str
    evaluations: int
    limit: int
    best: Candidate | None
    seed_train: float | None
    outcomes: Mapping[str, int]
    seconds: float
    running: int
    writing: int = 0
    ledger: Ledger | None = None
    standing: Standing | None = None
    counted: Counted | None = None


class Listener(Protocol):
    """Watches a run."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """Called a few times a second."""

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Called once for every candidate, in order; ``best`` says whether it is the best so far."""

    def note(self, text: str) -> None:
        """Called with things worth telling, such as a lost worker."""


class Silent:
    """Watches nothing."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """Ignore it."""

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class Result:
    """The result of a run, final or so far.

    Attributes
    ----------
    best : Candidate or None
        The best program's candidate, with its fitness on train, validation and test.
    seed : Candidate or None
        The seed program's candidate, likewise.
    failures : dict
        Number of failed candidates by status.
    stop_reason : str
        Why it ended.
    """

    run: str
    best: Candidate | None
    seed: Candidate | None
    evaluations: int
    failures: Mapping[str, int]
    stop_reason: str
    seconds: float
    interrupted: bool = False
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form, documented in docs/json.md."""

        def fitness(candidate: Candidate | None) -> dict[str, float | None]:
            return {
                split: None if candidate is None else getattr(candidate, split)
                for split in ("train", "validation", "test")
            }

        return {
            "run": self.run,
            "best": None if self.best is None else self.best.nickname,
            "program": None if self.best is None else self.best.program,
            "evaluations": self.evaluations,
            "failures": dict(self.failures),
            "fitness": fitness(self.best),
            "seed": None
            if self.seed is None
            else {"program": self.seed.nickname, "fitness": fitness(self.seed)},
            "stop_reason": self.stop_reason,
            "seconds": round(self.seconds, 3),
        }
