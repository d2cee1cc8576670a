"""The loop: ask a proposer for a candidate, hand it to an executor, tell the strategy the outcome.

Outcomes are stored the moment they come in, in any order, and told to the strategy in the order of asking. A
candidate is asked for when a fixed number of earlier outcomes has been told (``lookahead``), so that what is
known at every step, and with it the whole run, does not depend on how fast the workers are. A resumed run
goes through the stored candidates in the same order and is then where the interrupted one was: the database
is the only state.
"""

from __future__ import annotations

import contextlib
import os
import platform
import time

import numpy as np

from archive import Archive, ArchiveError, Candidate, Parent, Program, Role, Run, RunState, Status
from evolve.config import RunConfig
from evolve.dispatch import Dispatcher, SearchError
from evolve.domains.base import Domain
from evolve.executors.base import Executor, Lost
from evolve.measuring import Measuring
from evolve.novelty import ast_fingerprint
from evolve.progress import Listener, Result, Snapshot
from evolve.proposal import Proposal, ProposalError, Proposer, Request
from evolve.scoreboard import Outcome, Scoreboard
from evolve.strategies import make_strategy
from evolve.tasks import Report

DRAWS = 10
"""How often a proposer is asked again when it repeats a known program."""

ASKED_PER_EVALUATION = 20
"""A run ends as exhausted when so many times its evaluations were asked for: all else were repetitions."""

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
"""A run whose owner was not heard of for so long may be taken over."""


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
    ) -> None:
        self._archive, self._run, self._config = archive, run, config
        self._domain, self._proposer, self._listener = domain, proposer, listener
        self._grammar = domain.grammar()
        self._owner = f"{platform.node()}:{os.getpid()}"
        self._dispatcher = Dispatcher(executor, domain.name, config.tier, self._tick, listener.note)
        self._strategy = make_strategy(config)
        self._board = Scoreboard(config.verify)
        self._measuring: Measuring
        self._stored: dict[int, Outcome] = {}
        self._asked: list[Candidate] = []
        self._hashes: dict[int, str] = {}
        self._tasks: dict[str, int] = {}
        self._finished: dict[int, Outcome] = {}
        self._programs: dict[str, Program] = {}
        self._seen: dict[str, str] = {}
        self._stop_reason: str | None = None
        self._phase = "preparing"
        self._began = self._beat = time.monotonic()
        self._lookahead = config.lookahead or default_lookahead(executor.workers)

    def execute(self) -> Result:
        """Work on the run until it ends.

        Raises
        ------
        SearchError
            If the run cannot go on, for example because the machine cannot confine programs.
        archive.ArchiveError
            If the database fails; what was finished before is stored.
        """
        stale = 0.0 if _is_dead(self._run.owner) else STALE_SECONDS
        self._run = self._archive.claim_run(self._run, self._owner, stale_after=stale)
        try:
            reason = self._work()
        except KeyboardInterrupt:
            self._archive.set_run_state(self._run, RunState.STOPPED, "interrupted")
            return self._result("interrupted", interrupted=True)
        except (SearchError, ArchiveError) as error:
            # A failed run is free to be resumed at once. The database itself may be what failed.
            with contextlib.suppress(ArchiveError):
                if self._archive.heartbeat_run(self._run, self._owner):
                    self._archive.set_run_state(self._run, RunState.FAILED, str(error))
            raise
        state = RunState.STOPPED if reason == "stopped" else RunState.FINISHED
        self._archive.set_run_state(self._run, state, reason)
        self._phase = "done"
        self._show()
        return self._result(reason)

    def _work(self) -> str:
        self._measuring = Measuring(self._archive, self._run, self._config, self._domain, self._dispatcher)
        self._measuring.refer("train", "validation")
        self._phase = "searching"
        self._load()
        self._advance()
        while self._tasks:
            for answer in self._dispatcher.wait():
                self._collect(self._tasks.pop(answer.token), answer)
            self._advance()
        reason = self._stop_reason or "exhausted: only repetitions of known programs were proposed"
        if self._config.final_test and reason != "stopped":
            self._test()
        return reason

    def _load(self) -> None:
        """Read what a resumed run goes through again."""
        self._programs = self._archive.programs_of(self._run)
        for candidate, evaluations in self._archive.outcomes(self._run):
            fingerprint, scores = None, {}
            for row in evaluations:
                fingerprint = row.fingerprint or fingerprint
                if row.split == "train":
                    scores = {s.game: s.value for s in row.scores if s.iteration == self._config.horizon}
            self._stored[candidate.index] = Outcome(candidate, fingerprint, scores)
            if candidate.program is not None:
                self._remember(self._programs[candidate.program])

    def _add_program(self, source: str) -> Program:
        program = self._archive.add_program(source, self._domain.name, ast_hash=self._fingerprint(source))
        self._programs[program.hash] = program
        self._remember(program)
        return program

    def _fingerprint(self, source: str) -> str:
        return ast_fingerprint(source, self._grammar)

    def _remember(self, program: Program) -> None:
        self._seen.setdefault(program.ast_hash or self._fingerprint(program.source), program.nickname)

    # Asking.

    def _advance(self) -> None:
        """Tell outcomes in order, and after each ask for what may be asked."""
        self._ask_more()
        while self._board.told in self._finished:
            self._tell(self._finished.pop(self._board.told))
            self._ask_more()

    def _ask_more(self) -> None:
        while self._may_ask():
            self._ask(len(self._asked))

    def _may_ask(self) -> bool:
        asked, board, config = len(self._asked), self._board, self._config
        ahead = asked - board.told
        if asked == 0:
            return True
        if board.told == 0 or ahead >= self._lookahead:
            return False
        if asked in self._stored:
            return True
        if board.evaluated + ahead >= config.max_evaluations:
            if ahead == 0:
                self._stop_reason = self._stop_reason or "max_evaluations"
            return False
        if asked >= ASKED_PER_EVALUATION * config.max_evaluations:
            return False
        minutes = (time.monotonic() - self._began) / 60
        if config.max_minutes is not None and minutes >= config.max_minutes:
            self._stop_reason = self._stop_reason or "max_minutes"
        elif config.patience is not None and board.since_best >= config.patience:
            self._stop_reason = self._stop_reason or "patience"
        return self._stop_reason is None

    def _ask(self, index: int) -> None:
        """Ask for one candidate, or take it from the archive, and have it evaluated if that was not done."""
        stored = self._stored.pop(index, None)
        candidate = self._new_candidate(index) if stored is None else stored.candidate
        self._asked.append(candidate)
        self._hashes[candidate.id] = candidate.program or ""
        for parent in candidate.parents:
            if parent.role is Role.PARENT:
                self._strategy.asked(self._hashes[parent.candidate_id])
        if candidate.status.finished:
            self._finished[index] = stored or Outcome(candidate)
        elif candidate.program is None:
            self._finish(index, Status.CANCELLED, reason="the run ended before it was proposed")
        else:
            first = index == 0
            token = self._dispatcher.send(
                self._programs[candidate.program].source,
                self._measuring.stages(None if first else self._board.gate),
                {} if first else dict(self._board.known),
            )
            self._tasks[token] = index

    def _new_candidate(self, index: int) -> Candidate:
        if index == 0:
            return self._archive.add_candidate(
                self._run,
                program=self._add_program(self._domain.source(self._domain.seed)),
                operator="seed",
                proposer="library",
                index=0,
                island=0,
                note=self._domain.seed,
            )
        request, proposal, reason = self._draw(index)
        if proposal is None:
            return self._archive.add_candidate(
                self._run,
                operator=request.operator,
                proposer=self._proposer.name,
                index=index,
                island=request.island,
                parents=[Parent(request.parent.candidate_id)],
                status=Status.DUPLICATE,
                reason=f"no new program in {DRAWS} draws: {reason}",
            )
        return self._archive.add_candidate(
            self._run,
            program=self._add_program(proposal.source),
            operator=proposal.operator,
            proposer=self._proposer.name,
            index=index,
            island=request.island,
            parents=[Parent(parent.candidate_id, role) for parent, role in proposal.parents],
            note=proposal.description,
        )

    def _draw(self, index: int) -> tuple[Request, Proposal | None, str]:
        """Ask the proposer, again if it repeats a known program."""
        reason = ""
        for draw in range(DRAWS):
            rng = np.random.default_rng([self._config.seed, index, draw])
            request = self._strategy.ask(index, rng, self._board.failures)
            try:
                proposal = self._proposer.propose(request)
            except ProposalError as error:
                reason = str(error)
                continue
            twin = self._seen.get(self._fingerprint(proposal.source))
            if twin is None:
                return request, proposal, ""
            reason = f"the same program as {twin}"
        return request, None, reason

    # Outcomes.

    def _collect(self, index: int, answer: Report | Lost) -> None:
        """Store an outcome as it comes in."""
        if isinstance(answer, Lost):
            self._finish(index, Status.INFRASTRUCTURE, reason=answer.reason)
            return
        candidate = self._asked[index]
        assert candidate.program is not None
        good = answer.status is Status.OK
        self._archive.finish_candidate(
            candidate,
            answer.status,
            evaluations=self._measuring.rows(answer, candidate.program),
            reason=answer.reason,
            train=answer.fitness("train") if good else None,
            validation=answer.fitness("validation") if good else None,
        )
        self._settle(index, answer.stages[0].fingerprint, self._measuring.scores(answer))

    def _finish(self, index: int, status: Status, reason: str) -> None:
        self._archive.finish_candidate(self._asked[index], status, reason=reason)
        self._settle(index, None, {})

    def _settle(self, index: int, fingerprint: str | None, scores: dict[str, float]) -> None:
        self._asked[index] = candidate = self._archive.get_candidate(self._asked[index].id)
        self._finished[index] = Outcome(candidate, fingerprint, scores)

    def _tell(self, outcome: Outcome) -> None:
        candidate = outcome.candidate
        if candidate.index == 0 and candidate.status is not Status.OK:
            raise SearchError(f"the seed program failed ({candidate.status}): {candidate.reason}")
        program = None if candidate.program is None else self._programs[candidate.program]
        individual, best = self._board.tell(outcome, program)
        if individual is not None:
            self._strategy.tell(individual)
        self._listener.outcome(candidate, best)

    # The end, and watching.

    def _test(self) -> None:
        """Measure the best program and the seed on the test suite."""
        sources = {
            candidate.id: (candidate, self._programs[candidate.program].source)
            for candidate in (self._board.best, self._board.seed)
            if candidate is not None and candidate.program is not None and candidate.test is None
        }
        if not sources:
            return
        self._phase = "testing"
        self._show()
        for candidate, report in self._measuring.test(list(sources.values())):
            self._board.update(candidate)
            if report.status is not Status.OK:
                self._listener.note(
                    f"{candidate.nickname} failed on the test suite ({report.status}): {report.reason}"
                )

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._beat >= HEARTBEAT_SECONDS:
            self._beat = now
            if not self._archive.heartbeat_run(self._run, self._owner):
                raise SearchError(f"the run {self._run.nickname} was taken over by another process")
        if self._stop_reason is None and self._archive.stop_requested(self._run):
            self._stop_reason = "stopped"
        self._show()

    def _show(self) -> None:
        board = self._board
        self._listener.snapshot(
            Snapshot(
                run=self._run.nickname,
                phase=self._phase,
                evaluations=board.evaluated,
                limit=self._config.max_evaluations,
                best=board.best,
                seed_train=None if board.seed is None else board.seed.train,
                outcomes=dict(board.outcomes),
                seconds=time.monotonic() - self._began,
                running=self._dispatcher.running,
            )
        )

    def _result(self, reason: str, *, interrupted: bool = False) -> Result:
        # A repetition is neither an evaluation nor a failure.
        failed = {
            name: count
            for name, count in self._board.outcomes.items()
            if Status(name).failed and name != Status.DUPLICATE
        }
        return Result(
            run=self._run.nickname,
            best=self._board.best,
            seed=self._board.seed,
            evaluations=self._board.evaluated,
            failures=failed,
            stop_reason=reason,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
        )


def default_lookahead(workers: int) -> int:
    """Return how far to ask ahead so that no worker waits for the oldest outcome."""
    return 1 if workers == 1 else 2 * workers


def _is_dead(owner: str | None) -> bool:
    """Whether the process that worked on a run was on this machine and is gone, so that nobody need wait."""
    node, _, pid = (owner or "").rpartition(":")
    if node != platform.node() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
