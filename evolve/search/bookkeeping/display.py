"""The state of a run, for those who look on while it works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nashforge.archive import Run
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.proposers.base import Proposer
from nashforge.evolve.search.events import Listener, Snapshot
from nashforge.evolve.search.ownership import Ownership
from nashforge.evolve.search.run_stages import RunStages
from nashforge.evolve.search.scoreboard import Outcome, Scoreboard, is_evaluation


class Display:
    """Tells a listener how a run stands.

    Parameters
    ----------
    run, proposer, ownership
        As of `nashforge.evolve.search.loop.Search`.
    limit
        Its largest number of evaluations.
    board, stages, dispatcher
        What it knows, what measures, and where.
    listener
        Who is told.
    """

    def __init__(
        self,
        run: Run,
        limit: int,
        board: Scoreboard,
        stages: RunStages,
        dispatcher: Dispatcher,
        proposer: Proposer,
        ownership: Ownership,
        listener: Listener,
    ) -> None:
        self._run, self._limit, self._board, self._stages = run, limit, board, stages
        self._dispatcher, self._proposer = dispatcher, proposer
        self._ownership, self._listener = ownership, listener

    def show(self, phase: str, waiting: Iterable[Outcome], writing: int) -> None:
        """Tell how the run stands.

        Parameters
        ----------
        phase
            See `nashforge.evolve.search.events.Snapshot`.
        waiting
            Outcomes that were not told to the board yet. They count, as in `nashforge status`, which knows
            nothing of the order of telling.
        writing
            Candidates that are being written.
        """
        board = self._board
        ended = [one.candidate for one in waiting if one.candidate.status.finished]
        outcomes = board.outcomes + Counter(candidate.status.value for candidate in ended)
        self._listener.snapshot(
            Snapshot(
                run=self._run.nickname,
                phase=phase,
                evaluations=board.evaluated + sum(map(is_evaluation, ended)),
                limit=self._limit,
                best=board.best,
                seed_train=None if board.seed is None else board.seed.train,
                outcomes=dict(outcomes),
                seconds=self._ownership.clock.session,
                running=self._dispatcher.running,
                writing=writing,
                ledger=self._proposer.ledger,
                standing=self._stages.standing(board.best),
                counted=self._stages.counted,
            )
        )
