"""The state of a search: everything that follows from the outcomes told so far, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nashforge.archive import Candidate, Program, Status
from nashforge.evolve.proposers.base import Curve, Failure, Individual
from nashforge.evolve.proposers.memory import Idea, Noise
from nashforge.evolve.search.population.noise import error, is_told, is_within, margin, spread
from nashforge.evolve.search.population.ranking import gain, merit
from nashforge.evolve.search.population.starts import LIBRARY, OPERATOR, strongest

RECENT_FAILURES = 5
LONGEST_REASON = 200
"""Characters of a failure that the reason for the end of a run quotes."""


@dataclass(frozen=True)
class Outcome:
    """The fate of a candidate.

    Attributes
    ----------
    fingerprint : str or None
        Of its behaviour, if it got so far.
    scores : dict
        Final value of the domain's metric on each training game.
    curves, seconds : dict
        Its values at checkpoints, and the time taken, likewise.
    parts : tuple of float
        What the summands of an objective are on the training games; empty for other kinds of fitness.
    families : dict
        Fitness on validation by family of games, which has a letter in the place of a name.
    measures : dict
        Values at checkpoints of other metrics on the training games, by metric and game.
    copies : tuple of float
        Fitness on each of the further disguises of the validation games, if it was measured there.
    """

    candidate: Candidate
    fingerprint: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[float, ...] = ()
    families: Mapping[str, float] = field(default_factory=dict)
    measures: Mapping[str, Mapping[str, Curve]] = field(default_factory=dict)
    copies: tuple[float, ...] = ()


def is_evaluation(candidate: Candidate) -> bool:
    """Whether a finished candidate takes one of the evaluations: one that is new, and is a program."""
    return candidate.program is not None and candidate.status is not Status.DUPLICATE


class Scoreboard:
    """Counts, the best program, known behaviours, recent failures.

    Parameters
    ----------
    validate_top
        A program is validated when its training fitness is among so many best.
    """

    def __init__(self, validate_top: int) -> None:
        self.told = 0
        self.evaluated = 0
        self.since_best = 0
        self.best: Candidate | None = None
        self._starts: dict[int, Candidate] = {}
        self.outcomes: Counter[str] = Counter()
        self.failures: tuple[Failure, ...] = ()
        self.useless = 0
        """Proposals in a row that came to nothing: no program, or one that is known."""
        self.known: dict[str, str] = {}
        self.ideas: list[Idea] = []
        """Everything that was told, in order, for proposers that can learn from it."""
        self._top: list[float] = []
        self._individuals: dict[int, Individual] = {}
        self._validate_top = validate_top
        self._copies: dict[int, tuple[float, ...]] = {}

    def tell(self, outcome: Outcome, program: Program | None) -> tuple[Individual | None, bool]:
        """Take in the next outcome; return the measured program, if any, and whether it is the best."""
        candidate = outcome.candidate
        self.told += 1
        self.ideas.append(self._idea(outcome, program))
        self.outcomes[candidate.status.value] += 1
        if candidate.status is not Status.CANCELLED:
            self.useless = 0 if candidate.program is not None else self.useless + 1
        if candidate.status is Status.DUPLICATE:
            self._failed(candidate, program)
            return None, False
        self.since_best += 1
        self.evaluated += is_evaluation(candidate)
        if program is None or candidate.train is None:
            self._failed(candidate, program)
            return None, False
        if outcome.fingerprint is not None:
            self.known.setdefault(outcome.fingerprint, program.nickname)
        if not self._top or candidate.train > self._top[0]:
            self.since_best = 0
        self._top = sorted((*self._top, candidate.train), reverse=True)[: self._validate_top]
        if candidate.operator == OPERATOR:
            self._starts[candidate.id] = candidate
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
            scores=outcome.scores,
            curves=outcome.curves,
            seconds=outcome.seconds,
            parts=outcome.parts,
            families=outcome.families,
            measures=outcome.measures,
            seed=candidate.operator == OPERATOR,
            bare=candidate.operator == OPERATOR and candidate.proposer == LIBRARY,
        )
        self._individuals[candidate.id] = individual
        if outcome.copies:
            self._copies[candidate.id] = outcome.copies
        return individual, best

    def _failed(self, candidate: Candidate, program: Program | None) -> None:
        failure = Failure(
            None if program is None else program.source,
            candidate.status.value,
            candidate.reason or "",
            self.parent(candidate),
            candidate.index,
            candidate.id,
            candidate.island or 0,
            candidate.operator,
        )
        self.failures = (*self.failures, failure)[-RECENT_FAILURES:]

    def _idea(self, outcome: Outcome, program: Program | None) -> Idea:
        candidate, parent = outcome.candidate, self.parent(outcome.candidate)
        good = candidate.status is Status.OK
        return Idea(
            index=candidate.index,
            name=None if program is None else program.nickname,
            program=None if program is None else program.hash,
            operator=candidate.operator,
            writer=candidate.proposer,
            said=candidate.note or "",
            mechanisms=tuple(map(str, candidate.data.get("mechanisms", ()))),
            parent=None if parent is None else parent.nickname,
            status=candidate.status.value,
            reason=candidate.reason or "",
            train=candidate.train if good else None,
            validation=candidate.validation if good else None,
            train_gain=_difference(candidate.train, None if parent is None else parent.train),
            validation_gain=_difference(candidate.validation, None if parent is None else parent.validation),
            scores=outcome.scores,
        )

    @property
    def seed(self) -> Candidate | None:
        """The strongest of the programs that the run started from, which the others are compared with."""
        return strongest(self._starts.values())

    def parent(self, candidate: Candidate) -> Individual | None:
        """Return what a candidate was made from in the first place, if it was measured in this run."""
        return self._individuals.get(candidate.parents[0].candidate_id) if candidate.parents else None

    def gain(self, candidate: Candidate) -> float:
        """Return by how much a candidate beats its parent and the seed on the training games; at least 0."""
        parent = self.parent(candidate)
        seed = self.seed
        return gain(
            candidate.train, None if parent is None else parent.train, None if seed is None else seed.train
        )

    def update(self, candidate: Candidate) -> None:
        """Replace what is held of a candidate by a newer reading of it."""
        if self.best is not None and self.best.id == candidate.id:
            self.best = candidate
        if candidate.id in self._starts:
            self._starts[candidate.id] = candidate

    def hopeless(self, patience: int | None, max_useless: int | None) -> str | None:
        """Return why more proposals would come to nothing, too; None if they need not.

        Parameters
        ----------
        patience
            Evaluations without a better training fitness; None: any number.
        max_useless
            Proposals in a row without a new program; None: any number.
        """
        if patience is not None and self.since_best >= patience:
            return "patience"
        if max_useless is None or self.useless < max_useless:
            return None
        last = " ".join(self.failures[-1].reason.split()) if self.failures else ""
        shown = last if len(last) <= LONGEST_REASON else f"{last[: LONGEST_REASON - 1]}…"
        quoted = f", the last one because: {shown}" if shown else ""
        return (
            f"useless: {self.useless} proposals in a row came to nothing{quoted}; look at the answers with "
            "`nashforge calls list RUN`, ask another model, or go on with a higher --max-useless"
        )

    def standing(self, kept: Iterable[Individual]) -> list[Individual]:
        """Return what may still be called the best, and what is kept, in the order of asking."""
        found = {one.candidate_id: one for one in self._individuals.values() if one.validation is not None}
        for candidate in (*self._starts.values(), self.best):
            if candidate is not None:
                found[candidate.id] = self._individuals[candidate.id]
        for one in kept:
            found[one.candidate_id] = self._individuals[one.candidate_id]
        return sorted(found.values(), key=lambda one: one.index)

    def renew(self, outcomes: Collection[Outcome]) -> dict[int, Individual]:
        """Take in what programs reach on other training games; return them by candidate.

        Only they are compared from now on: the fitness of the others is of the games of before.
        """
        for outcome in outcomes:
            candidate = outcome.candidate
            assert candidate.train is not None
            self._individuals[candidate.id] = replace(
                self._individuals[candidate.id],
                train=candidate.train,
                validation=candidate.validation,
                scores=outcome.scores,
                curves=outcome.curves,
                seconds=outcome.seconds,
                parts=outcome.parts,
                measures=outcome.measures,
            )
            self._copies |= {candidate.id: outcome.copies} if outcome.copies else {}
            self.update(candidate)
        self.best = max((outcome.candidate for outcome in outcomes), key=merit, default=self.best)
        fitness = [outcome.candidate.train for outcome in outcomes]
        self._top = sorted((value for value in fitness if value is not None), reverse=True)
        del self._top[self._validate_top :]
        return {outcome.candidate.id: self._individuals[outcome.candidate.id] for outcome in outcomes}

    @property
    def untested(self) -> list[Candidate]:
        """The best program and the seed, each once, as far as they were not tested."""
        found = {one.id: one for one in (self.best, self.seed) if one is not None and one.test is None}
        return list(found.values())

    def doubt(self, before: Candidate | None) -> str | None:
        """Return what to say of a new best program that is better by less than the noise, else None."""
        if before is None or self.best is None:
            return None
        gained, copies = merit(self.best)[1] - merit(before)[1], len(self.copies(self.best))
        deviation = self.spread
        if deviation is None or not is_within(gained, deviation, copies):
            return None
        return (
            f"{self.best.nickname} is better than {before.nickname} by {gained:.3f}, within the noise "
            f"of {copies} disguises ({error(deviation, copies):.3f})"
        )

    def is_confirmed(self, candidate: Candidate) -> bool:
        """Whether a program was measured on further disguises of the validation games."""
        return candidate.id in self._copies

    def copies(self, candidate: Candidate) -> tuple[float, ...]:
        """Return what it reached there."""
        return self._copies.get(candidate.id, ())

    @property
    def spread(self) -> float | None:
        """By how much fitness differs from one disguise of the validation games to another; None: unknown."""
        return spread(list(self._copies.values()))

    @property
    def noise(self) -> Noise | None:
        """The noise as proposers are told it; none where fitness is clipped on every disguise alike."""
        deviation, copies = self.spread, max(map(len, self._copies.values()), default=0)
        if deviation is None or not is_told(deviation):
            return None
        return Noise(deviation, margin(deviation), margin(deviation, copies), copies)

    @property
    def bar(self) -> float | None:
        """The mean of training and validation fitness to be reached before a program may be the best."""
        return None if self.best is None or self.best.validation is None else merit(self.best)[1]

    @property
    def failed(self) -> dict[str, int]:
        """Number of candidates that failed, by status, repetitions of known programs among them."""
        return {name: count for name, count in self.outcomes.items() if Status(name).failed}

    @property
    def gate(self) -> float | None:
        """The training fitness from which on a program is validated; None: whatever it is."""
        return validated_from(self._top, None if self.seed is None else self.seed.train)


def validated_from(best: Sequence[float], seed: float | None) -> float | None:
    """Return the training fitness from which on a program is validated; None: whatever it is.

    Parameters
    ----------
    best
        Training fitness of so many best programs as one has to be among, the best first.
    seed
        That of the strongest start program, which it has to reach, too.
    """
    if not best or seed is None:
        return None
    return max(best[-1], seed)


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
