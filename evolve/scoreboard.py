"""What a search knows: everything that follows from the outcomes told so far, in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archive import Candidate, Program, Status
from evolve.proposal import Failure, Individual
from evolve.ranking import merit

RECENT_FAILURES = 5


@dataclass(frozen=True)
class Outcome:
    """What became of a candidate.

    Attributes
    ----------
    fingerprint : str or None
        Of its behaviour, if it got so far.
    scores : dict
        Final value of the domain's metric on each training game.
    """

    candidate: Candidate
    fingerprint: str | None = None
    scores: dict[str, float] | None = None


class Scoreboard:
    """Counts, the best program, known behaviours, recent failures.

    Parameters
    ----------
    verify
        A program is validated when its training fitness is among so many best.
    """

    def __init__(self, verify: int) -> None:
        self.told = 0
        self.evaluated = 0
        self.since_best = 0
        self.best: Candidate | None = None
        self.seed: Candidate | None = None
        self.outcomes: Counter[str] = Counter()
        self.failures: tuple[Failure, ...] = ()
        self.known: dict[str, str] = {}
        self._train: list[float] = []
        self._verify = verify

    def tell(self, outcome: Outcome, program: Program | None) -> tuple[Individual | None, bool]:
        """Take in the next outcome; return the measured program, if any, and whether it is the best."""
        candidate = outcome.candidate
        self.told += 1
        self.outcomes[candidate.status.value] += 1
        if candidate.status is Status.DUPLICATE:
            return None, False
        self.evaluated += 1
        self.since_best += 1
        if program is None or candidate.train is None:
            source = None if program is None else program.source
            failure = Failure(source, candidate.status.value, candidate.reason or "")
            self.failures = (*self.failures, failure)[-RECENT_FAILURES:]
            return None, False
        if outcome.fingerprint is not None:
            self.known.setdefault(outcome.fingerprint, program.nickname)
        if candidate.train > max(self._train, default=float("-inf")):
            self.since_best = 0
        self._train.append(candidate.train)
        if candidate.index == 0:
            self.seed = candidate
        best = self.best is None or merit(candidate) > merit(self.best)
        if best:
            self.best = candidate
        individual = Individual(
            index=candidate.index,
            candidate_id=candidate.id,
            hash=program.hash,
            nickname=program.nickname,
            source=program.source,
            train=candidate.train,
            validation=candidate.validation,
            island=candidate.island or 0,
            scores=outcome.scores or {},
        )
        return individual, best

    def update(self, candidate: Candidate) -> None:
        """Replace what is held of a candidate by a newer reading of it."""
        if self.best is not None and self.best.id == candidate.id:
            self.best = candidate
        if self.seed is not None and self.seed.id == candidate.id:
            self.seed = candidate

    @property
    def gate(self) -> float | None:
        """The training fitness from which on a program is validated; None: whatever it is."""
        if not self._train:
            return None
        ranked = sorted(self._train, reverse=True)
        return max(ranked[: self._verify][-1], self._train[0])
