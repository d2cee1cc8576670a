"""The refinement protocol of the paper: write a policy, measure it, tell the writer, write it again.

Source: Gallego, "LLM policy synthesis" (2026, arXiv 2603.19453). The original reports the last policy,
measured on the seeds it was refined on. Here the seeds of feedback, selection and report are disjoint, and
choosing the best policy on validation seeds instead of the last one is an option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nashforge import prompts
from nashforge.archive import Archive, Candidate, NewEvaluation, Parent, Run, RunState, Status
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.arena import Confined, play_confined
from nashforge.evolve.domains.dilemmas.domain import DilemmaDomain, episode_measurements
from nashforge.evolve.domains.dilemmas.suites import DilemmaSuite
from nashforge.evolve.evaluation.messages import PATIENCE, Split, Stage
from nashforge.evolve.proposers.base import ProposalError
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.sandbox import CandidateFailure, Limits, Sandbox
from nashforge.evolve.search.measured.outcomes import settings_of
from nashforge.evolve.search.ownership import Ownership
from nashforge.evolve.synthesis.feedback import Entry, Level, entry
from nashforge.evolve.synthesis.writers import Wanted, Writer
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.metrics import Summary, summaries, summarise

REPAIRS = 3
"""Attempts to mend a policy that fails, as in the paper."""

SECONDS = 120.0
"""Of a policy in one episode."""


class _Stopped(Exception):
    """Somebody asked the run to stop."""


@dataclass(frozen=True)
class Step:
    """A policy of the refinement.

    Attributes
    ----------
    iteration : int
        0 for the first policy, then one for each refinement.
    repair : int
        Number of the attempt to mend it; 0 for none.
    train, validation : dict
        Metrics over the feedback and the validation seeds; empty for a failure, whose ``reason`` says why.
    """

    iteration: int
    repair: int
    candidate: Candidate
    source: str | None
    note: str
    status: Status
    reason: str | None = None
    train: Mapping[str, Summary] = field(default_factory=dict)
    validation: Mapping[str, Summary] = field(default_factory=dict)
    fed_back: Entry | None = None


@dataclass(frozen=True)
class Synthesis:
    """Result of a refinement.

    Attributes
    ----------
    chosen : Step or None
        The policy that counts: the last that works, or the best on the validation seeds.
    test : dict
        Its metrics over the test seeds.
    """

    run: str
    steps: tuple[Step, ...]
    chosen: Step | None
    test: Mapping[str, Summary]


class Refinement:
    """One refinement at work.

    Parameters
    ----------
    archive, run
        Where programs and what became of them are stored.
    suite
        What is played, on which seeds.
    sandbox
        Where programs run.
    writer
        Who writes them.
    level
        What the writer is told.
    refinements
        How often the first policy is refined.
    select
        Whether the best policy on the validation seeds counts, and is refined; or else the last.
    seed
        Of the writer's random draws.
    on_step
        Called after every policy.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        suite: DilemmaSuite,
        sandbox: Sandbox,
        writer: Writer,
        *,
        level: Level,
        refinements: int = 3,
        select: bool = False,
        seed: int = 0,
        on_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self._archive, self._run, self._suite, self._sandbox = archive, run, suite, sandbox
        self._writer, self._level, self._refinements, self._select = writer, level, refinements, select
        self._seed, self._on_step = seed, on_step
        self._setting = suite.parsed()
        work = domain(self._setting.game)
        assert isinstance(work, DilemmaDomain)
        self._domain = work
        self._system = Prompter(work, self._stage("train"), load_feedback("sparse")).system
        self._steps: list[Step] = []
        self._ownership = Ownership(archive, run)

    def execute(self) -> Synthesis:
        """Write, measure and refine; store everything; measure what counts on the test seeds.

        Between two steps it heeds requests to pause and to stop; what is stopped has no test.

        Raises
        ------
        nashforge.archive.RunBusy
            If another process works on the run.
        """
        self._ownership.claim()
        self._run = self._archive.runs.get(self._run)
        reason, state = "refined", RunState.FINISHED
        test: Mapping[str, Summary] = {}
        with self._ownership.released():
            try:
                for iteration in range(self._refinements + 1):
                    self._iterate(iteration)
                test = self._tested()
            except _Stopped:
                reason, state = "stopped", RunState.STOPPED
            self._ownership.show_life()
            self._ownership.release(state, reason)
        return Synthesis(self._run.nickname, tuple(self._steps), self._chosen(), test)

    def _tested(self) -> Mapping[str, Summary]:
        """Return the metrics of the policy that counts over the test seeds, and store them."""
        chosen = self._chosen()
        if chosen is None or chosen.source is None:
            return {}
        played = self._play(chosen.source, "test")
        row = self._row("test", chosen.candidate, played)
        self._archive.evaluations.add(row, run=self._run, candidate=chosen.candidate)
        self._archive.candidates.set_fitness(chosen.candidate, test=row.fitness)
        return summaries([one.episode.metrics for one in played])

    def _heed(self) -> None:
        """Show a sign of life, and do what was asked of the run meanwhile."""
        self._ownership.show_life_if_due()
        self._ownership.wait_while_paused(lambda: None)
        if self._archive.runs.stop_requested(self._run):
            raise _Stopped

    def _iterate(self, iteration: int) -> None:
        """Have one policy written, and mended while it fails."""
        previous = self._chosen()
        history = [step.fed_back for step in self._steps if step.fed_back is not None]
        broken: Step | None = None
        for repair in range(REPAIRS + 1):
            self._heed()
            step = self._write(iteration, repair, previous, history, broken)
            self._steps.append(step)
            self._on_step(step)
            if step.status is Status.OK:
                return
            broken = step if step.source is not None else broken

    def _write(
        self,
        iteration: int,
        repair: int,
        previous: Step | None,
        history: Sequence[Entry],
        broken: Step | None,
    ) -> Step:
        parent = broken or previous
        user = prompts.render(
            "gathering/refine",
            previous=None if previous is None else previous.source,
            history=history,
            definitions=self._level != "sparse",
            repair=broken,
        )
        candidate = self._archive.candidates.add(
            self._run,
            operator="repair" if broken is not None else "rewrite" if previous is None else "refine",
            proposer=self._writer.name,
            parents=[] if parent is None else [Parent(parent.candidate.id)],
        )
        source = None if parent is None else parent.source
        rng = np.random.default_rng([self._seed, iteration, repair])
        try:
            wanted = Wanted(self._system, user, source, broken is not None)
            text, note = self._writer.write(wanted, candidate, rng, self._ownership.show_life_if_due)
        except ProposalError as error:
            self._archive.candidates.finish(candidate, Status.REJECTED, reason=str(error))
            return Step(iteration, repair, candidate, None, "", Status.REJECTED, str(error))
        program = self._archive.programs.add(text, self._domain.name)
        candidate = self._archive.candidates.set_program(candidate, program, note=note)
        rows: list[NewEvaluation] = []
        found: dict[Split, list[Confined]] = {}
        split: Split
        try:
            for split in ("train", "validation"):
                found[split] = self._play(text, split)
                rows.append(self._row(split, candidate, found[split]))
        except CandidateFailure as failure:
            status = Status(failure.status)
            rows.append(self._row(split, candidate, failure))
            self._archive.candidates.finish(candidate, status, reason=failure.reason, evaluations=rows)
            return Step(iteration, repair, candidate, text, note, status, failure.reason)
        episodes = [one.episode for one in found["train"]]
        train = summaries([episode.metrics for episode in episodes])
        validation = summaries([one.episode.metrics for one in found["validation"]])
        fitness = {row.split: row.fitness for row in rows}
        self._archive.candidates.finish(
            candidate,
            Status.OK,
            train=fitness["train"],
            validation=fitness["validation"],
            evaluations=rows,
        )
        told = entry(iteration, episodes, self._level)
        return Step(iteration, repair, candidate, text, note, Status.OK, None, train, validation, told)

    def _chosen(self) -> Step | None:
        """Return the policy that counts so far."""
        working = [step for step in self._steps if step.status is Status.OK]
        if not working:
            return None
        if not self._select:
            return working[-1]
        return max(working, key=lambda step: step.validation["efficiency"].mean or 0.0)

    def _play(self, source: str, split: Split) -> list[Confined]:
        setting: Setting = self._setting
        limits = Limits(wall_seconds=PATIENCE * SECONDS, cpu_seconds=SECONDS)
        sources = [source] * setting.agents
        played = []
        for seed in self._suite.seeds(split):
            self._ownership.show_life_if_due()
            played.append(play_confined(self._sandbox, setting, sources, seed, limits))
        return played

    def _row(
        self, split: Split, candidate: Candidate, outcome: Sequence[Confined] | CandidateFailure
    ) -> NewEvaluation:
        """Return what was played as a row, like those of a search."""
        stage = self._stage(split)
        common: dict[str, Any] = {
            "program": candidate.program,
            "suite": stage.suite,
            "suite_digest": stage.digest,
            "evaluator": self._domain.evaluator,
            "split": split,
            "settings": settings_of(stage),
            "tier": self._sandbox.tier.value,
        }
        if isinstance(outcome, CandidateFailure):
            return NewEvaluation(
                status=Status(outcome.status), reason=outcome.reason, log=outcome.log or None, **common
            )
        used = [one.usage for one in outcome]
        return NewEvaluation(
            status=Status.OK,
            log="".join(one.log for one in outcome) or None,
            cpu_seconds=sum(one.cpu_seconds for one in used),
            wall_seconds=sum(one.wall_seconds for one in used),
            peak_memory=max(one.peak_memory_bytes for one in used),
            fitness=summarise(one.episode.metrics["efficiency"] for one in outcome).mean,
            scores=tuple(
                score
                for trial, one in zip(stage.trials, outcome, strict=True)
                for score in episode_measurements(trial, one.episode)
            ),
            **common,
        )

    def _stage(self, split: Split) -> Stage:
        work, suite = self._domain, self._suite
        return work.stage_of(split, suite, suite.name, self._setting.horizon, work.fitness)
