"""Proposers: what a search asks of whoever writes its programs, and what it gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nashforge.archive.records import Candidate, Role, Status
from nashforge.evolve.proposers.memory import Memory

if TYPE_CHECKING:
    from nashforge.evolve.evaluation.messages import Stage

DRAWS = 10
"""How often a proposer that answers at once is asked again when it repeats a known program."""

Curve: TypeAlias = tuple[tuple[int, float], ...]
"""Iterations and values at checkpoints, in order."""


@dataclass(frozen=True)
class Individual:
    """A program that was measured in this run.

    Attributes
    ----------
    index : int
        Position of its candidate in the run; -1 for the seed.
    train, validation : float or None
        Fitness; higher is better.
    scores : dict
        Final value of the domain's metric on each training game.
    curves, seconds : dict
        Its values at checkpoints, and the time taken, likewise.
    parts : tuple of float
        What the summands of an objective are on the training games, higher is better; empty without one.
    families : dict
        Fitness on validation by family of games, see `Outcome`.
    measures : dict
        Values at checkpoints of other metrics on the training games, by metric and game.
    migrated : bool
        Whether it came from another island; such a copy does not move on.
    seed : bool
        Whether it is a program that the run started from.
    bare : bool
        Whether it is one of the library as it stands, in which a search has added nothing.
    """

    index: int
    candidate_id: int
    hash: str
    nickname: str
    source: str
    train: float
    validation: float | None = None
    island: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[float, ...] = ()
    families: Mapping[str, float] = field(default_factory=dict)
    measures: Mapping[str, Mapping[str, Curve]] = field(default_factory=dict)
    migrated: bool = False
    seed: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Failure:
    """A recent candidate that failed, for proposers that can learn from it.

    Attributes
    ----------
    source : str or None
        Its program, if there was one.
    parent : Individual or None
        What it was made from.
    index, candidate_id, island : int
        Of the candidate; -1 if they do not matter.
    operator : str
        What it was asked for as.
    """

    source: str | None
    status: str
    reason: str
    parent: Individual | None = None
    index: int = -1
    candidate_id: int = -1
    island: int = -1
    operator: str = ""

    @property
    def repairable(self) -> bool:
        """Whether a program failed by an error of its own, which can be mended."""
        errors = (Status.CRASHED, Status.INVALID_OUTPUT, Status.REJECTED)
        return self.source is not None and self.parent is not None and self.status in errors


def _nothing_known(source: str) -> bool:
    return False


@dataclass(frozen=True)
class Request:
    """One new program is wanted.

    Attributes
    ----------
    index : int
        Position of the candidate in the run.
    operator : str
        ``mutate``, ``rewrite`` (a larger step), ``crossover`` or ``simplify``; for models ``edit``,
        ``design``, ``combine``, ``ablate`` or ``simplify``; or ``repair``.
    parent : Individual
        What to start from.
    partner : Individual or None
        The second parent of a crossover.
    inspirations : sequence of Individual
        Other good or different programs.
    failures : sequence of Failure
        The latest failures, the newest last.
    failure : Failure or None
        For a repair: what to mend.
    rng : numpy.random.Generator
        The only source of randomness; depends on the run's seed and the index alone.
    island : int
        Where the child will live.
    memory : Memory
        What has become of everything asked for so far; empty for those who answer at once.
    known : callable
        Whether a program was in the run when this was asked for, so that to propose it would be a repetition.
    """

    index: int
    operator: str
    parent: Individual
    rng: np.random.Generator
    partner: Individual | None = None
    inspirations: Sequence[Individual] = ()
    failures: Sequence[Failure] = ()
    failure: Failure | None = None
    island: int = 0
    memory: Memory = field(default_factory=Memory)
    known: Callable[[str], bool] = _nothing_known

    @property
    def parents(self) -> tuple[tuple[Individual, Role], ...]:
        """The parents, the most important first."""
        crossed = () if self.partner is None else ((self.partner, Role.CROSSOVER),)
        return ((self.parent, Role.PARENT), *crossed)

    @property
    def base(self) -> str:
        """The program that edits apply to: the one that failed, for a repair, else the parent."""
        failed = None if self.failure is None else self.failure.source
        return self.parent.source if failed is None else failed

    @property
    def donors(self) -> tuple[str, ...]:
        """Other programs whose imports an edited one may take for granted."""
        others = (self.parent.source, *(() if self.partner is None else (self.partner.source,)))
        return tuple(source for source in others if source != self.base)


@dataclass(frozen=True)
class Proposal:
    """A new program.

    Attributes
    ----------
    description : str
        What was changed, one plain sentence.
    parents : tuple of (Individual, Role)
        What it was made from.
    mechanisms : tuple of str
        Families of mechanisms that the change belongs to, if any.
    """

    source: str
    operator: str
    description: str
    parents: tuple[tuple[Individual, Role], ...]
    mechanisms: tuple[str, ...] = ()


class ProposalError(Exception):
    """No program could be made from the request; the message says why."""


@dataclass(frozen=True)
class Draft:
    """Outcome of a request that was written in the background.

    Attributes
    ----------
    index : int
        Position of the candidate.
    source : str or None
        The program; None if there is no usable one, as ``status`` and ``reason`` say.
    note : str or None
        What was changed, in words.
    data : dict
        What to keep with the candidate.
    """

    index: int
    source: str | None = None
    note: str | None = None
    status: Status = Status.REJECTED
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ledger:
    """Spending of a run on models.

    Attributes
    ----------
    cost, reserved : float
        US dollars, of calls that ended and set aside for those under way.
    tokens : int
        Of calls that ended.
    calls : int
        How many have ended.
    budget : float or None
        What may be spent in all.
    waiting : str or None
        Why nothing is being written at the moment.
    """

    cost: float = 0.0
    reserved: float = 0.0
    tokens: int = 0
    calls: int = 0
    budget: float | None = None
    waiting: str | None = None


class Halt(Exception):
    """Nothing more will be written; the text is the reason by which the run ends."""


class Proposer(ABC):
    """Writes programs: takes requests, and hands drafts over later, in any order.

    A search calls `begin` once; then `choose`, `reserve` and `submit` for every program that it wants, and
    `collect` until all drafts are there; `observe` for every outcome, in the order of asking; at the end
    `close`. Five members are to be written: ``name``, `submit`, `collect`, `busy` and `wait`; the others have
    defaults. What answers at once is an `Immediate`.
    """

    name: str
    """As stored with every candidate, unless `choose` says otherwise."""

    @abstractmethod
    def submit(self, request: Request) -> None:
        """Begin to write a program; the draft has the index of the request."""

    @abstractmethod
    def collect(self) -> list[Draft]:
        """Return what was written since the last time.

        Raises
        ------
        Halt
            If nothing more can be written.
        """

    @property
    @abstractmethod
    def busy(self) -> int:
        """Number of programs that are being written."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Wait until something was written, at most so long."""

    @property
    def ledger(self) -> Ledger | None:
        """The run's spending; None if nothing can be spent."""
        return None

    def begin(self, train: Stage, evaluations: int) -> None:
        """Get ready. Called once, before anything is asked.

        Parameters
        ----------
        train
            What programs are measured on in training, with what the reference program reached.
        evaluations
            How many programs are still wanted.
        """

    def renew(self, train: Stage) -> None:
        """Take in that programs are measured on other games in training from now on."""

    def choose(self) -> str:
        """Return who is to write the next program; stored with the candidate."""
        return self.name

    def deliberate(self, writer: str) -> bool:
        """Return whether a writer means what it writes, which is then measured whatever it does at first.

        What random edits made is given up when it acts like a known program in the smoke stage: most often it
        differs in code that does nothing. A mechanism that sets in late, or in larger games, looks alike.
        """
        return True

    def island(self, writer: str) -> int | None:
        """Return the island that a writer works on; None: any."""
        return None

    def reserve(self, candidate: Candidate, request: Request, writer: str) -> None:
        """Make sure that the program can be paid for. Called in one transaction with storing the candidate.

        Raises
        ------
        nashforge.archive.BudgetExceeded
            If it cannot; ``choose`` is then not undone, the same request comes again.
        Halt
            If nothing more is recorded.
        """

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called, from any thread, whenever there is something to collect."""

    def replayed(self, writer: str) -> None:
        """Take in that a resumed run has come by a stored candidate of a writer, in the order of asking."""

    def asked_after(self, index: int) -> int:
        """Return how many outcomes are told at least before it is asked for a position; a recording knows."""
        return 0

    def observe(self, candidate: Candidate, gain: float) -> None:
        """Take in what became of a candidate, in the order of asking."""

    def close(self) -> None:
        """Give up what is being written."""


class Immediate(Proposer):
    """A proposer that answers at once: ``name`` and `propose` are all there is to write.

    A search asks it again, with other random numbers, when it proposes what is known already.
    """

    @abstractmethod
    def propose(self, request: Request) -> Proposal:
        """Return a new program.

        Raises
        ------
        ProposalError
            If none could be made.
        """

    def deliberate(self, writer: str) -> bool:
        """Return that it draws at random."""
        return False

    def submit(self, request: Request) -> None:
        """Write the program, beside others that write theirs later; again if it is known already."""
        draft = Draft(request.index)
        for _ in range(DRAWS):
            try:
                proposal = self.propose(request)
            except ProposalError as error:
                if draft.source is None:
                    draft = Draft(request.index, reason=str(error))
                continue
            data = {"mechanisms": list(proposal.mechanisms)} if proposal.mechanisms else {}
            draft = Draft(request.index, proposal.source, proposal.description, data=data)
            if not request.known(proposal.source):
                break
        self._drafts.append(draft)

    def collect(self) -> list[Draft]:
        """Return what was written since the last time."""
        drafts = list(self._drafts)
        self._drafts.clear()
        return drafts

    @property
    def busy(self) -> int:
        """Number of drafts that wait to be collected."""
        return len(self._drafts)

    def wait(self, seconds: float) -> None:
        """Nothing is ever under way."""

    @cached_property
    def _drafts(self) -> list[Draft]:
        return []
