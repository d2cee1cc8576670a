"""The loop: ask a proposer for a candidate, hand it to an executor, tell the strategy the outcome.

Outcomes are stored the moment they come in, in any order, and told to the strategy in the order of asking. A
candidate is asked for when a fixed number of earlier outcomes has been told (``lookahead``), so that what is
known at every step, and with it the whole run, does not depend on how fast the workers are. A resumed run
goes through the stored candidates in the same order and is then where the interrupted one was: the database
is the only state.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nashforge.archive import Archive, Candidate, Role, Run, RunState, Status
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.base import Executor, Wakeable
from nashforge.evolve.executors.dispatcher import POLL_SECONDS, Dispatcher, SearchError, default_lookahead
from nashforge.evolve.proposers.base import Draft, Immediate, Proposer
from nashforge.evolve.proposers.order import asked_after
from nashforge.evolve.search.bookkeeping.candidates import Candidates
from nashforge.evolve.search.bookkeeping.conclusion import Conclusion
from nashforge.evolve.search.bookkeeping.display import Display
from nashforge.evolve.search.bookkeeping.preparation import Preparation
from nashforge.evolve.search.challenges import Abandoned, Challenges
from nashforge.evolve.search.events import Listener, Result
from nashforge.evolve.search.ownership import Ownership
from nashforge.evolve.search.population.gate import Auditing
from nashforge.evolve.search.population.starts import LIBRARY, OPERATOR
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.proposals import ProposalQueue, SearchContext, Stop
from nashforge.evolve.search.run_stages import RunStages
from nashforge.evolve.search.scoreboard import Outcome, Scoreboard
from nashforge.evolve.search.strategies import make_strategy

ASKED_PER_EVALUATION = 20
"""A run ends as exhausted when so many times its evaluations were asked for: all else were repetitions."""

SHOW_SECONDS = 0.2
SHORTEST_PAUSE = 0.004
"""Before looking whether something was written, for executors that cannot be woken."""


class Search:
    """One run at work.

    Parameters
    ----------
    archive
        Where everything is stored.
    run
        The run to start or to continue.
    config
        Its configuration.
    domain, proposer, executor
        What is searched, who writes programs, where they are evaluated.
    listener
        Told what happens.
    ownership
        This process's claim on the run, which it holds while `execute` works.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        domain: Domain,
        proposer: Proposer,
        executor: Executor,
        listener: Listener,
        ownership: Ownership | None = None,
        audit: Auditing | None = None,
    ) -> None:
        self._archive, self._run, self._config = archive, run, config
        self._domain, self._proposer, self._listener = domain, proposer, listener
        self._ownership = ownership or Ownership(archive, run)
        self._dispatcher = Dispatcher(executor, domain.name, config.sandbox.tier, self._tick, listener.note)
        self._strategy = make_strategy(config)
        self._board = Scoreboard(config.population.validate_top)
        self._stages = RunStages(archive, run, config, domain, self._dispatcher)
        self._store = ProgramStore(archive, domain)
        self._challenges = Challenges(
            archive, run, config, domain, self._dispatcher, self._stages, self._store
        )
        self._context = SearchContext(
            archive, run, config, self._strategy, self._board, self._store, self._ownership.confirm
        )
        self._queue = ProposalQueue(self._context, proposer)
        self._display = Display(
            run,
            config.budget.max_evaluations,
            self._board,
            self._stages,
            self._dispatcher,
            proposer,
            self._ownership,
            listener,
        )
        self._preparation = Preparation(archive, run, config, domain, proposer, self._stages, listener.note)
        self._candidates = Candidates(
            archive, self._board, self._stages, self._store, self._dispatcher, proposer, self._ownership
        )
        self._conclusion = Conclusion(
            archive, run, config, self._board, self._stages, self._store, audit, listener.note
        )
        self._stored: dict[int, Outcome] = {}
        self._stop_reason: str | None = None
        self._given_up = False
        self._phase = "preparing"
        self._woken = isinstance(executor, Wakeable)
        if isinstance(executor, Wakeable):
            self._proposer.notify(executor.wake)
        self._pause = SHORTEST_PAUSE
        self._news = archive.database.changes()
        self._shown = time.monotonic()
        self._lookahead = config.evaluation.lookahead or default_lookahead(executor.workers)

    def rehearse(self, queue: Callable[[SearchContext], ProposalQueue]) -> None:
        """Ask and tell as a resumed run would, until something new is to be asked for or evaluated."""
        self._queue = queue(self._context)
        if not self._preparation.chosen:
            return
        self._stages.recall_references("train", "validation")
        self._load()
        if any(index not in self._stored for index in range(len(self._preparation.starts))):
            return  # only who works on a run stores what it starts from
        self._advance()
        while self._challenges.stored is not None and self._challenged():
            self._advance()

    def execute(self) -> Result:
        """Work on the run, which is this process's own, until it ends.

        Raises
        ------
        SearchError
            If the run cannot go on, for example because the machine cannot confine programs.
        nashforge.archive.ArchiveError
            If the database fails; what was finished before is stored.
        """
        try:
            reason = self._work()
        finally:
            self._news.close()
        state = RunState.STOPPED if reason == "stopped" else RunState.FINISHED
        self._ownership.show_life()
        self._ownership.release(state, reason)
        self._show("done")
        return self._result(reason)

    def _stop(self, reason: str) -> None:
        """Ask for nothing more; the first reason is the one that is told."""
        self._stop_reason = self._stop_reason or reason

    def _work(self) -> str:
        self._preparation.prepare()
        self._phase = "searching"
        self._load()
        wanted = self._config.budget.max_evaluations - len(self._stored)
        self._proposer.begin(self._stages.train, max(wanted, 0))
        try:
            self._search()
        finally:
            self._proposer.close()
        reason = self._stop_reason or self._exhausted()
        if reason != "stopped":
            self._conclusion.conclude(self._enter, self._tick)
        return reason

    def _exhausted(self) -> str:
        """Return why nothing new came: known programs did, or the proposer had none, as it said at last."""
        why = self._candidates.asked[-1].reason or ""
        said = why.startswith("no new program") and "the same program as" not in why
        return f"exhausted: {why if said else 'only repetitions of known programs were proposed'}"

    def _search(self) -> None:
        """Ask, evaluate and tell until nothing is under way and nothing more is to be asked."""
        candidates = self._candidates
        self._advance()
        while candidates.evaluating or self._queue.busy or self._challenged():
            moved = self._receive() if candidates.evaluating or self._queue.busy else True
            self._advance()
            waiting = self._proposer.ledger is not None and self._proposer.ledger.waiting is not None
            over = self._given_up or (self._stop_reason is not None and waiting)
            if over and not candidates.evaluating:
                break
            # Where two sources cannot be waited for at once: look at both, less often while nothing comes.
            self._pause = SHORTEST_PAUSE if moved else min(2 * self._pause, POLL_SECONDS / 4)
        # Behind candidates that nobody will write, outcomes are waiting to be told.
        for index in sorted(candidates.finished):
            self._tell(candidates.finished.pop(index))

    def _load(self) -> None:
        """Read what a resumed run goes through again."""
        self._store.load(self._run)
        for candidate, evaluations in self._archive.candidates.outcomes(self._run):
            self._stored[candidate.index] = self._stages.recalled(candidate, evaluations)
            if candidate.program is not None:
                self._store.remember(self._store[candidate.program], candidate.index)

    # Ask.

    def _advance(self) -> None:
        """Tell outcomes in order, and after each ask for what may be asked."""
        board, finished = self._board, self._candidates.finished
        if board.told in finished or self._may_ask():
            with self._queue.batch():
                # Nothing is told before what was to be asked has been asked: that makes the order certain.
                while self._ask_more() and board.told in finished:
                    self._tell(finished.pop(board.told))
            self._queue.submit()

    def _ask_more(self) -> bool:
        """Ask for what may be asked; return False if the next candidate has to wait."""
        while self._may_ask():
            if not self._ask(len(self._candidates.asked)):
                return self._stop_reason is not None
        return True

    def _may_ask(self) -> bool:
        asked, board, config = len(self._candidates.asked), self._board, self._config
        ahead = asked - board.told
        if asked < len(self._preparation.starts):
            return True
        if board.told < len(self._preparation.starts) or ahead >= self._lookahead or self._given_up:
            return False
        due = self._challenges.due(asked)
        if board.told < self._least_told(asked):
            return False
        if asked in self._stored:
            return not due
        if board.evaluated + ahead >= config.budget.max_evaluations:
            if ahead == 0:
                self._stop("max_evaluations")
            return False
        if asked >= ASKED_PER_EVALUATION * config.budget.max_evaluations:
            return False
        self._look_at_the_clock()
        most = None if isinstance(self._proposer, Immediate) else config.budget.max_useless
        if hopeless := board.hopeless(config.budget.patience, most):
            self._stop(hopeless)
        return self._stop_reason is None and not due

    def _least_told(self, index: int) -> int:
        """Return how many outcomes were told when a candidate was asked for first: what it is made from
        depends on it. 0: as many as usual.
        """
        stored = self._stored.get(index)
        return self._proposer.asked_after(index) if stored is None else asked_after(stored.candidate)

    def _challenged(self) -> bool:
        """Hold the challenge that is due, if one is; return whether it was held."""
        candidates, over = self._candidates.asked, self._given_up or self._stop_reason is not None
        asked = len(candidates)
        due = self._challenges.due(asked) and self._board.told == asked
        if not due or (over and asked not in self._stored):
            return False
        self._phase = "challenging"
        try:
            held = self._challenges.hold(candidates, self._board, self._strategy, self._tick_or_leave)
        except Abandoned:
            return False
        self._phase = "searching"
        self._listener.note(held.words())
        if held.joined:
            self._preparation.measure_library()
            self._proposer.renew(self._stages.train)
        return True

    def _tick_or_leave(self) -> None:
        self._tick()
        if self._stop_reason is not None:
            raise Abandoned

    def _look_at_the_clock(self) -> None:
        limit = self._config.budget.max_minutes
        if limit is not None and self._ownership.clock.session >= 60 * limit:
            self._stop("max_minutes")

    def _ask(self, index: int) -> bool:
        """Ask for one candidate, or take it from the archive; return False if it has to wait."""
        stored = self._stored.get(index)
        starting, candidate = index < len(self._preparation.starts), None
        if stored is None and starting:
            candidate = self._context.start(self._domain, self._preparation.starts[index], index)
        if stored is not None and (stored.candidate.program or stored.candidate.status.finished):
            candidate = stored.candidate
            self._queue.replayed(candidate)
        if candidate is None:
            try:
                usual = max(len(self._preparation.starts), index - self._lookahead + 1)
                candidate = self._queue.ask(index, None if stored is None else stored.candidate, usual)
            except Stop as stop:
                self._stop(str(stop))
                return False
            if candidate is None:
                return False
        self._stored.pop(index, None)
        self._candidates.take(candidate, starting=starting)
        for parent in candidate.parents:
            if parent.role is Role.PARENT:
                self._strategy.asked(self._candidates.program(parent.candidate_id))
        if stored is not None and candidate is stored.candidate and candidate.status.finished:
            self._candidates.finished[index] = stored
        elif candidate.status is not Status.PROPOSING:
            self._candidates.evaluate(candidate)
        return True

    # Evaluate.

    def _receive(self) -> bool:
        """Take in what was evaluated and what was written; return whether there was anything."""
        if self._queue.busy and not self._candidates.evaluating:
            answers = self._dispatcher.wait(0.0)
            self._proposer.wait(POLL_SECONDS)
        else:
            alone = self._woken or not self._queue.busy
            answers = self._dispatcher.wait(POLL_SECONDS if alone else self._pause)
        drafts: list[Draft] = []
        try:
            drafts = self._queue.collect()
        except Stop as stop:
            self._given_up = True
            self._stop(str(stop))
        finally:
            # Whatever became of asking, nothing that came in is lost.
            self._candidates.keep(answers, drafts, self._queue)
        return bool(answers or drafts)

    # Tell.

    def _tell(self, outcome: Outcome) -> None:
        candidate = outcome.candidate
        program = None if candidate.program is None else self._store[candidate.program]
        before = self._board.best
        individual, best = self._board.tell(outcome, program)
        if candidate.operator == OPERATOR and candidate.status is not Status.OK:
            self._do_without(candidate)
        if best and (doubt := self._board.doubt(before)):
            self._listener.note(doubt)
        if individual is not None:
            self._strategy.tell(individual)
        self._queue.observe(candidate)
        self._listener.outcome(candidate, best)

    def _do_without(self, start: Candidate) -> None:
        """Say which start program failed. Without one of the library, the others are enough.

        Raises
        ------
        SearchError
            If it is somebody's own, or the last of them and none works.
        """
        said = f"the start program {start.note or start.nickname} failed ({start.status}): {start.reason}"
        last = self._board.told >= len(self._preparation.starts)
        if start.proposer != LIBRARY or (last and self._board.seed is None):
            raise SearchError(said)
        self._listener.note(f"{said}; the run goes on without it")

    def _tick(self) -> None:
        """Look after the run now and then: signs of life, what was asked of it, what is shown."""
        self._ownership.show_life_if_due()
        now = time.monotonic()
        if now - self._shown < SHOW_SECONDS:
            return
        self._shown = now
        if self._news.any():
            if self._archive.runs.stop_requested(self._run):
                self._stop("stopped")
            self._ownership.wait_while_paused(lambda: self._show("paused"))
        self._look_at_the_clock()
        self._show()

    def _enter(self, phase: str) -> None:
        """Begin a phase, and show it at once."""
        self._phase = phase
        self._show()

    def _show(self, phase: str | None = None) -> None:
        waiting = (*self._candidates.finished.values(), *self._stored.values())
        self._display.show(phase or self._phase, waiting, self._queue.busy)

    def _result(self, reason: str) -> Result:
        return Result(
            run=self._run.nickname,
            best=self._board.best,
            seed=self._board.seed,
            evaluations=self._board.evaluated,
            failures=self._board.failed,
            stop_reason=reason,
            seconds=self._ownership.clock.total,
        )
