"""The proposal queue: how a run gets its candidates from a proposer, each new, in an order of its own.

The order does not depend on who is fast: what a candidate is made from follows from the outcomes that were
told when it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nashforge.archive import Archive, BudgetExceeded, Candidate, Parent, Run, Status
from nashforge.archive.errors import TokensExceeded
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.proposers.base import (
    DRAWS,
    Draft,
    Halt,
    Immediate,
    Proposal,
    ProposalError,
    Proposer,
    Request,
)
from nashforge.evolve.proposers.memory import Memory, UnderWay
from nashforge.evolve.proposers.order import ASKED_AFTER
from nashforge.evolve.search.population.starts import LIBRARY, OPERATOR, source_of
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.scoreboard import Scoreboard
from nashforge.evolve.search.strategies import Strategy

NOTES = 20
"""Entries of the lab book that proposers are told."""


class Stop(Exception):
    """No more candidates can be had; the text is the reason by which the run ends."""


@dataclass(frozen=True)
class SearchContext:
    """The context of a search, for its proposer.

    Attributes
    ----------
    archive, run, config
        Of the run.
    strategy, board
        Who chooses what is asked for, from what is known.
    store
        The programs so far.
    confirm
        Makes sure that the run is still this process's own, within the transaction that adds a candidate to
        it: whoever slept while another took the run over adds none. Raises `SearchError`.
    """

    archive: Archive
    run: Run
    config: RunConfig
    strategy: Strategy
    board: Scoreboard
    store: ProgramStore
    confirm: Callable[[], None] = lambda: None

    def start(self, domain: Domain, reference: str, index: int = 0) -> Candidate:
        """Store a candidate that the run starts from.

        Parameters
        ----------
        reference
            A name of the library, or the hash of a stored program.
        """
        source, title = source_of(self.archive, domain, reference)
        with self.archive.database.transaction():
            self.confirm()
            return self.archive.candidates.add(
                self.run,
                program=self.store.add(source, index),
                operator=OPERATOR,
                proposer=LIBRARY if title == reference else "archive",
                index=index,
                island=0,
                note=title,
            )


class ProposalQueue:
    """Makes the candidates of a run: asks its proposer, keeps the order, and lets no program in twice.

    Parameters
    ----------
    context
        The run, and what is known.
    proposer
        Who writes the programs.
    """

    def __init__(self, context: SearchContext, proposer: Proposer) -> None:
        self._context, self._proposer = context, proposer
        self._waiting: tuple[Request, str, int] | None = None
        self._open: dict[int, tuple[Candidate, int]] = {}
        self._reserved: list[Request] = []
        self._requests: dict[int, Request] = {}

    @property
    def busy(self) -> int:
        """The number of candidates that are being written."""
        return len(self._open)

    def batch(self) -> AbstractContextManager[object]:
        """Return a block of which all that is asked for in it is stored at once; then call `submit`.

        A disk takes longer for one commit than everything else takes here. Where programs are made at once,
        each is stored by itself, so that others may write while it is made.
        """
        return (
            nullcontext()
            if isinstance(self._proposer, Immediate)
            else self._context.archive.database.transaction()
        )

    def submit(self) -> None:
        """Have written what was asked for since the last time, now that it is stored."""
        while self._reserved:
            self._proposer.submit(self._reserved.pop(0))

    def ask(self, index: int, open_candidate: Candidate | None, usual: int | None = None) -> Candidate | None:
        """Store and return the candidate at a position; None: not yet, ask for the same again later.

        Parameters
        ----------
        open_candidate
            The stored candidate, where a resumed run was interrupted before its program was written.
        usual
            How many outcomes are told when it is asked for as early as the lookahead allows: a candidate
            keeps how many they were if they are more. None: that is not known, and nothing is kept.

        Raises
        ------
        Stop
            If no more can be had.
        """
        if isinstance(self._proposer, Immediate):
            return self._made(index, open_candidate, self._proposer, usual)
        return self._reserve(index, open_candidate, usual)

    def collect(self) -> list[Draft]:
        """Return what was written since the last time, each to be given to `store` once.

        Raises
        ------
        Stop
            If no more can be had.
        """
        try:
            return self._proposer.collect()
        except Halt as error:
            raise Stop(str(error)) from error

    def store(self, draft: Draft) -> Candidate:
        """Store what was written: a candidate with a program to be evaluated, or finished without."""
        context = self._context
        candidate, told = self._open.pop(draft.index)
        status, reason, data = draft.status, draft.reason, {**candidate.data, **draft.data}
        if draft.source is not None:
            mark = context.store.fingerprint(draft.source)
            duplicate = context.store.duplicate_of(mark, told)
            if duplicate is None:
                with context.archive.database.transaction():
                    program = context.store.add(draft.source, draft.index, mark)
                    return context.archive.candidates.set_program(
                        candidate, program, note=draft.note, data=data
                    )
            status, reason = Status.DUPLICATE, f"the same program as {duplicate}"
        done = context.archive.candidates.finish(candidate, status, reason=reason, data=data)
        return done or context.archive.candidates.get(candidate)

    def replayed(self, candidate: Candidate) -> None:
        """Have strategy and proposer go through what they did when a stored candidate was asked for."""
        if candidate.operator != OPERATOR and not isinstance(self._proposer, Immediate):
            self._proposer.replayed(candidate.proposer)
            self._request(candidate.index, candidate.proposer)

    def observe(self, candidate: Candidate) -> None:
        """Tell the proposer what a program gained, in the order of asking."""
        if candidate.operator != OPERATOR:
            self._proposer.observe(candidate, self._context.board.gain(candidate))

    # Programs that are written later.

    def _reserve(self, index: int, open_candidate: Candidate | None, usual: int | None) -> Candidate | None:
        """Store a candidate whose program is to be written, with the money set aside for it.

        A request that cannot be paid for now waits for calls under way, which may cost less than was set
        aside. It stays as it is meanwhile, so that how long it waits changes nothing.
        """
        if self._waiting is None:
            writer = self._proposer.choose()
            self._waiting = self._request(index, writer), writer, self._context.board.told
        request, writer, told = self._waiting
        request = replace(request, known=lambda source: self._is_known(source, told))
        try:
            with self._context.archive.database.savepoint():
                self._context.confirm()
                candidate = open_candidate or self._add(index, request, writer, _late(told, usual))
                self._proposer.reserve(candidate, request, writer)
        except BudgetExceeded as error:
            if self._proposer.busy:
                return None
            raise Stop("max_tokens" if isinstance(error, TokensExceeded) else "max_cost") from error
        except Halt as error:
            raise Stop(str(error)) from error
        self._waiting = None
        self._open[index] = candidate, told
        self._reserved.append(request)
        return candidate

    def _is_known(self, source: str, told: int) -> bool:
        store = self._context.store
        return store.duplicate_of(store.fingerprint(source), told) is not None

    def _request(self, index: int, writer: str) -> Request:
        context = self._context
        rng = np.random.default_rng([context.config.seed, index, 0])
        request = context.strategy.ask(index, rng, context.board.failures, self._proposer.island(writer))
        # What is under way follows from the order of asking alone, and not from who is fast.
        self._requests = {at: asked for at, asked in self._requests.items() if at >= context.board.told}
        under_way = tuple(
            UnderWay(at, asked.operator, asked.parent.nickname)
            for at, asked in sorted(self._requests.items())
            if at < index
        )
        notes = tuple((note.text, note.author) for note in context.archive.notes.of(context.run, limit=NOTES))
        memory = Memory(tuple(context.board.ideas), under_way, context.board.noise, notes)
        request = replace(request, memory=memory)
        self._requests[index] = request
        return request

    def _add(self, index: int, request: Request, writer: str, data: dict[str, Any]) -> Candidate:
        return self._context.archive.candidates.add(
            self._context.run,
            operator=request.operator,
            proposer=writer,
            index=index,
            island=request.island,
            parents=[Parent(parent.candidate_id, role) for parent, role in request.parents],
            data=data or None,
        )

    # Programs that are made at once.

    def _made(
        self, index: int, open_candidate: Candidate | None, proposer: Immediate, usual: int | None
    ) -> Candidate:
        """Store a new program, or that only repetitions were proposed."""
        context = self._context
        if open_candidate is not None:
            reason = "the run ended before it was proposed"
            done = context.archive.candidates.finish(open_candidate, Status.CANCELLED, reason=reason)
            return done or context.archive.candidates.get(open_candidate)
        request, proposal, mark, reason = self._draw(index, proposer)
        data: dict[str, Any] = _late(context.board.told, usual)
        if proposal is None:
            with context.archive.database.transaction():
                context.confirm()
                return context.archive.candidates.add(
                    context.run,
                    operator=request.operator,
                    proposer=proposer.name,
                    index=index,
                    island=request.island,
                    parents=[Parent(request.parent.candidate_id)],
                    status=Status.DUPLICATE,
                    reason=f"no new program in {DRAWS} draws: {reason}",
                    data=data or None,
                )
        if proposal.mechanisms:
            data["mechanisms"] = list(proposal.mechanisms)
        with context.archive.database.transaction():
            context.confirm()
            return context.archive.candidates.add(
                context.run,
                program=context.store.add(proposal.source, index, mark),
                operator=proposal.operator,
                proposer=proposer.name,
                index=index,
                island=request.island,
                parents=[Parent(parent.candidate_id, role) for parent, role in proposal.parents],
                note=proposal.description,
                data=data or None,
            )

    def _draw(self, index: int, proposer: Immediate) -> tuple[Request, Proposal | None, str, str]:
        context, reason = self._context, ""
        for draw in range(DRAWS):
            rng = np.random.default_rng([context.config.seed, index, draw])
            request = context.strategy.ask(index, rng, context.board.failures)
            try:
                proposal = proposer.propose(request)
            except ProposalError as error:
                reason = str(error)
                continue
            mark = context.store.fingerprint(proposal.source)
            duplicate = context.store.duplicate_of(mark, index)
            if duplicate is None:
                return request, proposal, mark, ""
            reason = f"the same program as {duplicate}"
        return request, None, "", reason


def _late(told: int, usual: int | None) -> dict[str, Any]:
    """Return what a candidate keeps of when it was asked for: nothing, unless that was late."""
    return {} if usual is None or told <= usual else {ASKED_AFTER: told}
