"""How a run gets its candidates: at once from a proposer, or in the background from an author.

Both keep the order of the run independent of who is fast: what a candidate is made from follows from the
outcomes that were told when it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nashforge.archive import Archive, BudgetExceeded, Candidate, Parent, Run, Status
from nashforge.archive.errors import TokensExceeded
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.proposers.base import (
    Author,
    Draft,
    Halt,
    Ledger,
    Proposal,
    ProposalError,
    Proposer,
    Request,
)
from nashforge.evolve.search.program_store import Library
from nashforge.evolve.search.scoreboard import Scoreboard
from nashforge.evolve.search.strategies import Strategy

DRAWS = 10
"""How often a proposer is asked again when it repeats a known program."""


class Stop(Exception):
    """No more candidates can be had; the text is the reason by which the run ends."""


@dataclass(frozen=True)
class Knowledge:
    """What a run has to say to those who write its programs.

    Attributes
    ----------
    archive, run, config
        Of the run.
    strategy, board
        Who chooses what is asked for, from what is known.
    library
        The programs so far.
    """

    archive: Archive
    run: Run
    config: RunConfig
    strategy: Strategy
    board: Scoreboard
    library: Library

    def seed(self, domain: Domain) -> Candidate:
        """Store the candidate that the run starts from."""
        return self.archive.add_candidate(
            self.run,
            program=self.library.add(domain.source(domain.seed), 0),
            operator="seed",
            proposer="library",
            index=0,
            island=0,
            note=domain.seed,
        )


class Asking(Protocol):
    """Makes candidates."""

    @property
    def busy(self) -> int:
        """How many candidates are being written."""

    @property
    def ledger(self) -> Ledger | None:
        """What was spent on models; None where nothing can be."""

    def together(self) -> AbstractContextManager[object]:
        """Return a block of which all that is asked for in it is stored at once; then call `start`."""

    def start(self) -> None:
        """Have written what was asked for since the last time, now that it is stored."""

    def ask(self, index: int, open_candidate: Candidate | None) -> Candidate | None:
        """Store and return the candidate at a position; None: not yet, ask for the same again later.

        Parameters
        ----------
        open_candidate
            The stored candidate, where a resumed run was interrupted before its program was written.

        Raises
        ------
        Stop
            If no more can be had.
        """

    def collect(self) -> list[Draft]:
        """Return what was written since the last time, each to be given to `store` once.

        Raises
        ------
        Stop
            If no more can be had.
        """

    def store(self, draft: Draft) -> Candidate:
        """Store what was written: a candidate with a program to be evaluated, or finished without."""

    def wait(self, seconds: float) -> None:
        """Wait until one was written, at most so long."""

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called, from any thread, when one was written."""

    def passed(self, candidate: Candidate) -> None:
        """Take in that a candidate was taken from the archive, in the order of asking."""

    def tell(self, candidate: Candidate) -> None:
        """Take in what became of a candidate, in the order of asking."""

    def close(self) -> None:
        """Give up what is being written."""


class AtOnce:
    """Asks a proposer that answers at once, again if it repeats a known program."""

    busy = 0
    ledger = None

    def __init__(self, known: Knowledge, proposer: Proposer) -> None:
        self._known, self._proposer = known, proposer

    def together(self) -> AbstractContextManager[object]:
        """Store each by itself: others may write while a program is made."""
        return nullcontext()

    def start(self) -> None:
        """Nothing is ever under way."""

    def ask(self, index: int, open_candidate: Candidate | None) -> Candidate | None:
        """Store a new program, or that only repetitions were proposed."""
        known = self._known
        if open_candidate is not None:
            reason = "the run ended before it was proposed"
            done = known.archive.finish_candidate(open_candidate, Status.CANCELLED, reason=reason)
            return done or known.archive.get_candidate(open_candidate)
        request, proposal, mark, reason = self._draw(index)
        if proposal is None:
            return known.archive.add_candidate(
                known.run,
                operator=request.operator,
                proposer=self._proposer.name,
                index=index,
                island=request.island,
                parents=[Parent(request.parent.candidate_id)],
                status=Status.DUPLICATE,
                reason=f"no new program in {DRAWS} draws: {reason}",
            )
        with known.archive.transaction():
            return known.archive.add_candidate(
                known.run,
                program=known.library.add(proposal.source, index, mark),
                operator=proposal.operator,
                proposer=self._proposer.name,
                index=index,
                island=request.island,
                parents=[Parent(parent.candidate_id, role) for parent, role in proposal.parents],
                note=proposal.description,
            )

    def _draw(self, index: int) -> tuple[Request, Proposal | None, str, str]:
        reason = ""
        for draw in range(DRAWS):
            rng = np.random.default_rng([self._known.config.seed, index, draw])
            request = self._known.strategy.ask(index, rng, self._known.board.failures)
            try:
                proposal = self._proposer.propose(request)
            except ProposalError as error:
                reason = str(error)
                continue
            mark = self._known.library.fingerprint(proposal.source)
            twin = self._known.library.twin(mark, index)
            if twin is None:
                return request, proposal, mark, ""
            reason = f"the same program as {twin}"
        return request, None, "", reason

    def collect(self) -> list[Draft]:
        """Nothing is ever under way."""
        return []

    def store(self, draft: Draft) -> Candidate:
        """Nothing is ever under way."""
        raise AssertionError(f"nothing was being written at {draft.index}")

    def wait(self, seconds: float) -> None:
        """Nothing is ever under way."""

    def notify(self, ring: Callable[[], None]) -> None:
        """Nothing is ever under way."""

    def passed(self, candidate: Candidate) -> None:
        """Nothing depends on it."""

    def tell(self, candidate: Candidate) -> None:
        """Nothing depends on it."""

    def close(self) -> None:
        """Nothing is ever under way."""


class InBackground:
    """Asks an author, who answers later and in any order."""

    def __init__(self, known: Knowledge, author: Author) -> None:
        self._known, self._author = known, author
        self._waiting: tuple[Request, str] | None = None
        self._open: dict[int, tuple[Candidate, int]] = {}
        self._reserved: list[int] = []

    @property
    def busy(self) -> int:
        """How many candidates are being written."""
        return len(self._open)

    @property
    def ledger(self) -> Ledger | None:
        """What was spent on models."""
        return self._author.ledger

    def together(self) -> AbstractContextManager[object]:
        """Store all in one commit: a disk takes longer for one than everything else takes here."""
        return self._known.archive.transaction()

    def start(self) -> None:
        """Have the author begin with what is stored and paid for."""
        while self._reserved:
            self._author.start(self._reserved.pop(0))

    def ask(self, index: int, open_candidate: Candidate | None) -> Candidate | None:
        """Store a candidate whose program is to be written, with the money set aside for it.

        A request that cannot be paid for now waits for calls under way, which may cost less than was set
        aside. It stays as it is meanwhile, so that how long it waits changes nothing.
        """
        known = self._known
        if self._waiting is None:
            writer = self._author.choose()
            self._waiting = self._request(index, writer), writer
        request, writer = self._waiting
        try:
            with known.archive.attempt():
                candidate = open_candidate or self._store(index, request, writer)
                self._author.reserve(candidate, request, writer)
        except BudgetExceeded as error:
            if self._author.busy:
                return None
            raise Stop("max_tokens" if isinstance(error, TokensExceeded) else "max_cost") from error
        except Halt as error:
            raise Stop(str(error)) from error
        self._waiting = None
        self._open[index] = candidate, known.board.told
        self._reserved.append(index)
        return candidate

    def _request(self, index: int, writer: str) -> Request:
        known = self._known
        rng = np.random.default_rng([known.config.seed, index, 0])
        return known.strategy.ask(index, rng, known.board.failures, self._author.island(writer))

    def _store(self, index: int, request: Request, writer: str) -> Candidate:
        parents = [Parent(parent.candidate_id, role) for parent, role in request.parents]
        return self._known.archive.add_candidate(
            self._known.run,
            operator=request.operator,
            proposer=writer,
            index=index,
            island=request.island,
            parents=parents,
        )

    def collect(self) -> list[Draft]:
        """Return what was written."""
        try:
            return self._author.collect()
        except Halt as error:
            raise Stop(str(error)) from error

    def store(self, draft: Draft) -> Candidate:
        """Store a candidate's program, or that it has none or repeats one."""
        known = self._known
        candidate, told = self._open.pop(draft.index)
        status, reason = draft.status, draft.reason
        if draft.source is not None:
            mark = known.library.fingerprint(draft.source)
            twin = known.library.twin(mark, told)
            if twin is None:
                with known.archive.transaction():
                    program = known.library.add(draft.source, draft.index, mark)
                    return known.archive.set_program(candidate, program, note=draft.note, data=draft.data)
            status, reason = Status.DUPLICATE, f"the same program as {twin}"
        done = known.archive.finish_candidate(candidate, status, reason=reason, data=draft.data)
        return done or known.archive.get_candidate(candidate)

    def wait(self, seconds: float) -> None:
        """Wait until the author has written something, at most so long."""
        self._author.wait(seconds)

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called when the author has written something."""
        self._author.notify(ring)

    def passed(self, candidate: Candidate) -> None:
        """Have the strategy and the author go through what they did when the candidate was asked for."""
        if candidate.operator != "seed":
            self._author.passed(candidate.proposer)
            self._request(candidate.index, candidate.proposer)

    def tell(self, candidate: Candidate) -> None:
        """Tell the author what its program gained."""
        if candidate.operator != "seed":
            self._author.tell(candidate, self._known.board.gain(candidate))

    def close(self) -> None:
        """Give up what is being written; a resumed run takes it up again."""
        self._author.close()
