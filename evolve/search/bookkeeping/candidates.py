"""Candidates of a search, from when they are asked for until their outcomes are told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from nashforge.archive import Archive, Candidate, Status
from nashforge.evolve.evaluation.messages import Report
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.proposers.base import Draft, Proposer
from nashforge.evolve.search.measured.outcomes import copies_in, validated
from nashforge.evolve.search.ownership import Ownership
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.proposals import ProposalQueue
from nashforge.evolve.search.run_stages import RunStages
from nashforge.evolve.search.scoreboard import Outcome, Scoreboard


class Candidates:
    """Has candidates evaluated, and stores outcomes the moment they come in, in any order.

    Parameters
    ----------
    archive, proposer, ownership
        As of `nashforge.evolve.search.loop.Search`.
    board, stages, store, dispatcher
        What the search knows, what measures, its programs, and where they are evaluated.

    Attributes
    ----------
    asked : list of Candidate
        In the order of asking, as they were stored last.
    finished : dict of int to Outcome
        What waits to be told, by index.
    """

    def __init__(
        self,
        archive: Archive,
        board: Scoreboard,
        stages: RunStages,
        store: ProgramStore,
        dispatcher: Dispatcher,
        proposer: Proposer,
        ownership: Ownership,
    ) -> None:
        self._archive, self._board, self._stages, self._store = archive, board, stages, store
        self._dispatcher, self._proposer, self._ownership = dispatcher, proposer, ownership
        self.asked: list[Candidate] = []
        self.finished: dict[int, Outcome] = {}
        self._hashes: dict[int, str] = {}
        self._seen_when_asked: dict[int, tuple[float | None, float | None, int]] = {}
        self._tasks: dict[str, int] = {}

    @property
    def evaluating(self) -> bool:
        """Whether any are being evaluated."""
        return bool(self._tasks)

    def program(self, candidate_id: int) -> str:
        """Return the hash of a candidate's program; empty while it has none."""
        return self._hashes[candidate_id]

    def take(self, candidate: Candidate, *, starting: bool) -> None:
        """Take in the next candidate, and remember what is known now: what it is measured by.

        Parameters
        ----------
        starting
            Whether the run starts from it: then it passes every gate.
        """
        self.asked.append(candidate)
        self._hashes[candidate.id] = candidate.program or ""
        gate, bar = (None, None) if starting else (self._board.gate, self._board.bar)
        self._seen_when_asked[candidate.index] = gate, bar, len(self._board.known)

    def evaluate(self, candidate: Candidate) -> None:
        """Have a candidate evaluated, unless it is finished already."""
        gate, bar, count = self._seen_when_asked.pop(candidate.index)
        if candidate.program is None or candidate.status.finished:
            self.finished[candidate.index] = Outcome(candidate)
            return
        compared = 0 if self._proposer.deliberate(candidate.proposer) else count
        token = self._dispatcher.send(
            self._store[candidate.program].source,
            self._stages.stages(gate, bar),
            dict(islice(self._board.known.items(), compared)),
        )
        self._tasks[token] = candidate.index

    def keep(self, answers: Sequence[Report | Lost], drafts: Sequence[Draft], queue: ProposalQueue) -> None:
        """Store what came in, all of it in one commit: a disk takes longer for one than all else here.

        Parameters
        ----------
        answers, drafts
            What was evaluated, and what was written.
        queue
            Where it was asked for.
        """
        if not (answers or drafts):
            return
        with self._archive.database.transaction():
            self._ownership.confirm()
            for answer in answers:
                self._record(self._tasks.pop(answer.token), answer)
            written = [queue.store(draft) for draft in drafts]
        for candidate in written:
            self.asked[candidate.index] = candidate
            self._hashes[candidate.id] = candidate.program or ""
            self.evaluate(candidate)

    def _record(self, index: int, answer: Report | Lost) -> None:
        candidate = self.asked[index]
        if isinstance(answer, Lost):
            done = self._archive.candidates.finish(candidate, Status.INFRASTRUCTURE, reason=answer.reason)
            self.asked[index] = candidate = done or self._archive.candidates.get(candidate)
            self.finished[index] = Outcome(candidate)
            return
        good = answer.status is Status.OK
        done = self._archive.candidates.finish(
            candidate,
            answer.status,
            evaluations=self._stages.rows(answer, candidate.program or ""),
            reason=answer.reason,
            train=answer.fitness("train") if good else None,
            validation=validated(answer.fitness("validation"), copies_in(answer)) if good else None,
        )
        self.asked[index] = candidate = done or self._archive.candidates.get(candidate)
        self.finished[index] = self._stages.outcome(candidate, answer)
