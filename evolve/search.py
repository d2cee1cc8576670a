"""The loop: ask a proposer for a candidate, hand it to an executor, tell the strategy the outcome.

Outcomes are stored the moment they come in, in any order, and told to the strategy in the order of asking. A
candidate is asked for when a fixed number of earlier outcomes has been told (``lookahead``), so that what is
known at every step, and with it the whole run, does not depend on how fast the workers are. A resumed run
tells the stored outcomes again and is then where the interrupted one was: the database is the only state.
"""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np

from archive import (
    Archive,
    ArchiveError,
    Candidate,
    NewEvaluation,
    Parent,
    Program,
    Run,
    RunState,
    Status,
)
from archive.records import new_token
from evolve.config import RunConfig
from evolve.domains.base import Domain
from evolve.executors.base import Executor, Lost
from evolve.novelty import ast_fingerprint
from evolve.progress import Listener, Result, Snapshot
from evolve.proposal import Failure, Individual, Proposal, ProposalError, Proposer, Request
from evolve.ranking import merit
from evolve.records import final_values, settings_of, stored
from evolve.strategies import make_strategy
from evolve.tasks import Report, Split, Stage, StageReport, Task

DRAWS = 10
"""How often a proposer is asked again when it repeats a known program."""

ATTEMPTS = 3
"""How often a task is tried when machines fail."""

ASKED_PER_EVALUATION = 20
"""A run ends as exhausted when so many times its evaluations were asked for: all else were repetitions."""

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
"""After so long without a heartbeat, a run on another machine may be taken over."""

RECENT_FAILURES = 5


class SearchError(RuntimeError):
    """The run cannot go on; it can be resumed when the cause is gone."""


@dataclass(frozen=True)
class _Outcome:
    candidate: Candidate
    fingerprint: str | None
    scores: dict[str, float]


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
        self._domain, self._proposer, self._executor = domain, proposer, executor
        self._listener = listener
        self._strategy = make_strategy(config)
        self._owner = f"{platform.node()}:{os.getpid()}"
        self._stages: dict[Split, Stage] = {}
        self._programs: dict[str, Program] = {}
        self._seen: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._asked: dict[int, Candidate] = {}
        self._finished: dict[int, _Outcome] = {}
        self._told = 0
        self._evaluated = 0
        self._since_best = 0
        self._train: list[float] = []
        self._best: Candidate | None = None
        self._seed: Candidate | None = None
        self._outcomes: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._tasks: dict[str, tuple[int, Task, int]] = {}
        self._stop_reason: str | None = None
        self._phase = "preparing"
        self._began = time.monotonic()
        self._beat = self._began
        self._lookahead = config.lookahead or (1 if executor.workers == 1 else 2 * executor.workers)

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
            self._prepare()
            self._phase = "searching"
            self._load()
            self._advance()
            while self._tasks:
                self._collect()
                self._advance()
            if self._stop_reason is None:
                self._stop_reason = "exhausted: only repetitions of known programs were proposed"
            if self._config.final_test and self._stop_reason not in ("stopped", "failed"):
                self._test()
        except KeyboardInterrupt:
            self._archive.set_run_state(self._run, RunState.STOPPED, "interrupted")
            return self._result("interrupted", interrupted=True)
        except (SearchError, ArchiveError) as error:
            # A failed run is free to be resumed at once. The database itself may be what failed.
            with contextlib.suppress(ArchiveError):
                if self._archive.heartbeat_run(self._run, self._owner):
                    self._archive.set_run_state(self._run, RunState.FAILED, str(error))
            raise
        state = RunState.STOPPED if self._stop_reason == "stopped" else RunState.FINISHED
        self._archive.set_run_state(self._run, state, self._stop_reason)
        self._phase = "done"
        self._show()
        return self._result(self._stop_reason)

    # References: what fitness is relative to.

    def _prepare(self) -> None:
        suites: dict[Split, str] = {"train": self._config.train, "validation": self._config.validation}
        if self._config.final_test:
            suites["test"] = self._config.test
        for split, suite in suites.items():
            self._stages[split] = self._domain.stage(split, suite, self._config.horizon, self._config.fitness)
        self._refer(("train", "validation"))

    def _refer(self, splits: tuple[Split, ...]) -> None:
        """Measure the reference program where that was not done before."""
        if self._config.fitness.kind != "log_ratio":
            return
        name = self._config.fitness.reference
        program = self._archive.add_program(self._domain.source(name), self._domain.name)
        waiting: dict[str, Split] = {}
        for split in splits:
            stage = self._stages[split]
            known = self._archive.cached_evaluation(
                program, suite_digest=stage.digest, evaluator=self._domain.evaluator, split=split
            )
            if known is not None:
                last = {
                    score.game: score.value for score in known.scores if score.iteration == _horizon(stage)
                }
                self._stages[split] = stage.model_copy(update={"references": last})
            else:
                waiting[self._submit(-1, program.source, (stage,))] = split
        for report in self._gather(set(waiting)):
            split = waiting[report.token]
            self._must_work(report, f"the reference {name}")
            stage_report = report.stages[-1]
            self._archive.record_evaluation(self._row(report, stage_report, program.hash), run=self._run)
            values = final_values(stage_report, self._domain.metric)
            self._stages[split] = self._stages[split].model_copy(update={"references": values})

    @staticmethod
    def _must_work(report: Report, what: str) -> None:
        if report.status is not Status.OK:
            raise SearchError(f"{what} failed ({report.status}): {report.reason}")

    def _gather(self, tokens: set[str]) -> list[Report]:
        """Wait for the reports of tasks that are no candidates."""
        reports: list[Report] = []
        while tokens:
            for answer in self._wait():
                if isinstance(answer, Lost):
                    lost = answer.token in tokens
                    token = self._retry(answer)
                    if lost and token is None:
                        raise SearchError(f"an evaluation failed {ATTEMPTS} times: {answer.reason}")
                    continue
                self._tasks.pop(answer.token, None)
                if answer.token in tokens:
                    tokens.discard(answer.token)
                    reports.append(answer)
        return reports

    # Resuming: tell again what is stored.

    def _load(self) -> None:
        self._programs = self._archive.programs_of(self._run)
        for candidate, evaluations in self._archive.outcomes(self._run):
            self._asked[candidate.index] = candidate
            if candidate.program is not None:
                self._remember(self._programs[candidate.program])
            if candidate.status.finished:
                scores: dict[str, float] = {}
                fingerprint = None
                for row in evaluations:
                    fingerprint = row.fingerprint or fingerprint
                    if row.split == "train":
                        scores = {s.game: s.value for s in row.scores if s.iteration == self._config.horizon}
                self._finished[candidate.index] = _Outcome(candidate, fingerprint, scores)
        if not self._asked:
            program = self._add_program(self._domain.source(self._domain.seed))
            seed = self._archive.add_candidate(
                self._run,
                program=program,
                operator="seed",
                proposer="library",
                index=0,
                island=0,
                note=self._domain.seed,
            )
            self._asked[0] = seed
        for index, candidate in sorted(self._asked.items()):
            if not candidate.status.finished:
                if candidate.program is None:
                    self._archive.finish_candidate(candidate, Status.CANCELLED, reason="never proposed")
                    self._settle(index, None, {})
                else:
                    self._evaluate(candidate, self._programs[candidate.program])

    def _add_program(self, source: str) -> Program:
        program = self._archive.add_program(source, self._domain.name, ast_hash=ast_fingerprint(source))
        self._programs[program.hash] = program
        self._remember(program)
        return program

    def _remember(self, program: Program) -> None:
        self._seen.setdefault(program.ast_hash or ast_fingerprint(program.source), program.nickname)

    # Asking.

    def _advance(self) -> None:
        """Tell outcomes in order, and after each ask for what may be asked."""
        self._ask_more()
        while self._told in self._finished:
            self._tell(self._finished.pop(self._told))
            self._told += 1
            self._ask_more()

    def _ask_more(self) -> None:
        while self._may_ask():
            index = len(self._asked)
            self._ask(index)

    def _may_ask(self) -> bool:
        ahead = len(self._asked) - self._told
        if self._told == 0 or ahead >= self._lookahead:
            return False
        if self._evaluated + ahead >= self._config.max_evaluations:
            if ahead == 0:
                self._stop_reason = self._stop_reason or "max_evaluations"
            return False
        if len(self._asked) >= ASKED_PER_EVALUATION * self._config.max_evaluations:
            return False
        minutes = (time.monotonic() - self._began) / 60
        if self._config.max_minutes is not None and minutes >= self._config.max_minutes:
            self._stop_reason = self._stop_reason or "max_minutes"
        elif self._config.patience is not None and self._since_best >= self._config.patience:
            self._stop_reason = self._stop_reason or "patience"
        return self._stop_reason is None

    def _ask(self, index: int) -> None:
        """Ask for one candidate; a repetition of a known program is asked for again a few times."""
        failures = tuple(self._failures)
        request, proposal, reason = None, None, ""
        for draw in range(DRAWS):
            rng = np.random.default_rng([self._config.seed, index, draw])
            request = self._strategy.ask(index, rng, failures)
            try:
                proposal = self._proposer.propose(request)
            except ProposalError as error:
                reason = str(error)
                continue
            twin = self._seen.get(ast_fingerprint(proposal.source))
            if twin is None:
                break
            reason = f"the same program as {twin}"
            proposal = None
        assert request is not None
        self._asked[index] = candidate = self._store(index, request, proposal, reason)
        if proposal is None:
            self._settle(index, None, {})
        else:
            assert candidate.program is not None
            self._evaluate(candidate, self._programs[candidate.program])

    def _store(self, index: int, request: Request, proposal: Proposal | None, reason: str) -> Candidate:
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

    # Evaluating.

    def _evaluate(self, candidate: Candidate, program: Program) -> None:
        stages = [self._domain.smoke(self._config.horizon), self._stages["train"]]
        gate = None if candidate.index == 0 else self._gate()
        stages.append(self._stages["validation"].model_copy(update={"gate": gate}))
        known = {} if candidate.index == 0 else dict(self._known)
        self._submit(candidate.index, program.source, tuple(stages), known)

    def _gate(self) -> float | None:
        """Return the training fitness from which on a program is validated."""
        if not self._train:
            return None
        ranked = sorted(self._train, reverse=True)
        return max(ranked[: self._config.verify][-1], self._train[0])

    def _submit(
        self, index: int, source: str, stages: tuple[Stage, ...], known: dict[str, str] | None = None
    ) -> str:
        task = Task(
            token=new_token(),
            domain=self._domain.name,
            source=source,
            stages=stages,
            known=known or {},
            tier=self._config.tier,
        )
        self._tasks[task.token] = (index, task, 1)
        self._executor.submit(task)
        return task.token

    def _retry(self, lost: Lost) -> str | None:
        """Submit a lost task again under the same token, unless it was lost too often."""
        index, task, attempt = self._tasks.pop(lost.token)
        self._listener.note(f"attempt {attempt} of an evaluation was lost: {lost.reason}")
        if attempt >= ATTEMPTS:
            return None
        self._tasks[task.token] = (index, task, attempt + 1)
        self._executor.submit(task)
        return task.token

    def _wait(self) -> list[Report | Lost]:
        answers = self._executor.wait(POLL_SECONDS)
        now = time.monotonic()
        if now - self._beat >= HEARTBEAT_SECONDS:
            self._beat = now
            if not self._archive.heartbeat_run(self._run, self._owner):
                raise SearchError(f"the run {self._run.nickname} was taken over by another process")
        if self._stop_reason is None and self._archive.stop_requested(self._run):
            self._stop_reason = "stopped"
        self._show()
        return answers

    def _collect(self) -> None:
        for answer in self._wait():
            index = self._tasks[answer.token][0]
            if isinstance(answer, Lost):
                if self._retry(answer) is None:
                    self._archive.finish_candidate(
                        self._asked[index], Status.INFRASTRUCTURE, reason=answer.reason
                    )
                    self._settle(index, None, {})
                continue
            del self._tasks[answer.token]
            candidate = self._asked[index]
            assert candidate.program is not None
            status = answer.status
            self._archive.finish_candidate(
                candidate,
                status,
                evaluations=[self._row(answer, stage, candidate.program) for stage in answer.stages],
                reason=answer.reason,
                train=answer.fitness("train") if status is Status.OK else None,
                validation=answer.fitness("validation") if status is Status.OK else None,
            )
            train = answer.stage("train")
            scores = {} if train is None else final_values(train, self._domain.metric)
            self._settle(index, answer.stages[0].fingerprint, scores)

    def _row(self, report: Report, stage: StageReport, program: str) -> NewEvaluation:
        split = stage.split
        plan = self._domain.smoke(self._config.horizon) if split == "smoke" else self._stages[split]
        return stored(report, stage, program, settings_of(plan))

    def _settle(self, index: int, fingerprint: str | None, scores: dict[str, float]) -> None:
        candidate = self._archive.get_candidate(self._asked[index].id)
        self._asked[index] = candidate
        self._finished[index] = _Outcome(candidate, fingerprint, scores)

    # Telling.

    def _tell(self, outcome: _Outcome) -> None:
        candidate = outcome.candidate
        self._outcomes[candidate.status.value] += 1
        if candidate.status is not Status.DUPLICATE:
            self._evaluated += 1
            self._since_best += 1
        best = False
        if candidate.status is Status.OK and candidate.train is not None:
            best = self._tell_measured(candidate, outcome)
        elif candidate.status is not Status.DUPLICATE:
            source = None if candidate.program is None else self._programs[candidate.program].source
            failure = Failure(source, candidate.status.value, candidate.reason or "")
            self._failures = [*self._failures, failure][-RECENT_FAILURES:]
        if candidate.index == 0 and candidate.status is not Status.OK:
            raise SearchError(f"the seed program failed ({candidate.status}): {candidate.reason}")
        self._listener.outcome(candidate, best)

    def _tell_measured(self, candidate: Candidate, outcome: _Outcome) -> bool:
        assert candidate.program is not None
        assert candidate.train is not None
        program = self._programs[candidate.program]
        if outcome.fingerprint is not None:
            self._known.setdefault(outcome.fingerprint, program.nickname)
        if not self._train or candidate.train > max(self._train):
            self._since_best = 0
        self._train.append(candidate.train)
        self._strategy.tell(
            Individual(
                index=candidate.index,
                candidate_id=candidate.id,
                hash=program.hash,
                nickname=program.nickname,
                source=program.source,
                train=candidate.train,
                validation=candidate.validation,
                island=candidate.island or 0,
                scores=outcome.scores,
            )
        )
        if candidate.index == 0:
            self._seed = candidate
        if self._best is None or merit(candidate) > merit(self._best):
            self._best = candidate
            return True
        return False

    # The end.

    def _test(self) -> None:
        """Measure the best program and the seed on the test suite."""
        wanted = {c.id: c for c in (self._best, self._seed) if c is not None and c.test is None}
        if not wanted:
            return
        self._phase = "testing"
        self._show()
        self._refer(("test",))
        tokens = {}
        for candidate in wanted.values():
            assert candidate.program is not None
            tokens[self._submit(-1, self._programs[candidate.program].source, (self._stages["test"],))] = (
                candidate
            )
        for report in self._gather(set(tokens)):
            candidate = tokens[report.token]
            assert candidate.program is not None
            row = self._row(report, report.stages[0], candidate.program)
            self._archive.record_evaluation(row, run=self._run, candidate=candidate)
            if report.status is Status.OK:
                updated = self._archive.set_fitness(candidate, test=report.fitness("test"))
                if self._best is not None and self._best.id == updated.id:
                    self._best = updated
                if self._seed is not None and self._seed.id == updated.id:
                    self._seed = updated
            else:
                self._listener.note(
                    f"{candidate.nickname} failed on the test suite ({report.status}): {report.reason}"
                )

    def _show(self) -> None:
        self._listener.snapshot(
            Snapshot(
                run=self._run.nickname,
                phase=self._phase,
                evaluations=self._evaluated,
                limit=self._config.max_evaluations,
                best=self._best,
                seed_train=None if self._seed is None else self._seed.train,
                outcomes=dict(self._outcomes),
                seconds=time.monotonic() - self._began,
                running=min(len(self._tasks), self._executor.workers),
            )
        )

    def _result(self, reason: str, *, interrupted: bool = False) -> Result:
        failed = {name: n for name, n in self._outcomes.items() if Status(name).failed}
        return Result(
            run=self._run.nickname,
            best=self._best,
            seed=self._seed,
            evaluations=self._evaluated,
            failures=failed,
            stop_reason=reason,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
        )


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


def _horizon(stage: Stage) -> int:
    return max(trial.iterations for trial in stage.trials)
