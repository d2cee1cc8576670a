"""Measuring policies on request: every program plays the same seeds, and every measurement is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nashforge.archive import Archive, NewEvaluation, Program, Status
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.domain import seeded_trial
from nashforge.evolve.evaluation.messages import Fitness, Report, Stage
from nashforge.evolve.evaluation.stages import requested
from nashforge.evolve.executors.base import Executor, Lost
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.measurement.programs import NamedProgram, store
from nashforge.evolve.search.outcomes import settings_of, stored
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.metrics import FAULTS, METRICS, Summary, summarise
from nashforge.solvers.policies.strategic import episodes

ON_REQUEST_SECONDS = 120.0
"""That an episode may take where a person asked for it: twice what a search allows."""


@dataclass(frozen=True)
class PolicySummary:
    """How a group of copies of one program does.

    Attributes
    ----------
    label : str
        What the program is called.
    summaries : dict
        Mean and interval of each metric over the seeds; empty for a failure, whose ``reason`` says why.
    seconds : float or None
        Wall time of all episodes.
    faults : dict
        What went wrong in all episodes and was forgiven; empty for a failure.
    names : tuple of str
        The metrics, in the order of tables.
    fitness : float or None
        By the objective that was asked for, if any.
    """

    label: str
    program: Program
    setting: Setting
    seeds: tuple[int, ...]
    status: Status
    reason: str | None
    summaries: dict[str, Summary]
    seconds: float | None
    tier: str | None
    faults: dict[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = METRICS
    fitness: float | None = None
    objective: str | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a metric, as docs/json.md has them."""
        rows = []
        metrics = domain(self.setting.game).metrics
        for metric in self.names:
            summary = self.summaries.get(metric, Summary(None, None, None, 0))
            rows.append(
                {
                    "program": self.label,
                    "nickname": self.program.nickname,
                    "hash": self.program.hash,
                    "game": str(self.setting),
                    "suite": None,
                    "iterations": self.setting.horizon,
                    "metric": metric,
                    "direction": metrics[metric].direction,
                    "value": summary.mean,
                    "metrics": {name: one.mean for name, one in self.summaries.items() if one.count},
                    "interval": None if summary.low is None else [summary.low, summary.high],
                    "seeds": list(self.seeds),
                    "defined": summary.count,
                    "faults": self.faults or None,
                    "status": str(self.status),
                    "reason": self.reason,
                    "fitness": self.fitness,
                    "reference": None,
                    "reference_value": None,
                    "objective": self.objective,
                    "seconds": self.seconds,
                    "tier": self.tier,
                }
            )
        return rows


def measure(
    archive: Archive,
    programs: Sequence[NamedProgram],
    setting: Setting,
    seeds: Sequence[int],
    executor: Executor,
    *,
    tier: str = "strict",
    seconds: float | None = None,
    fitness: Fitness | None = None,
    shown: Sequence[str] = (),
    on_measured: Callable[[PolicySummary, int, int], None] = lambda standing, done, total: None,
) -> list[PolicySummary]:
    """Measure each program in self-play.

    Parameters
    ----------
    archive
        Where programs and measurements are stored.
    setting, seeds
        What is played.
    executor
        Where programs run.
    tier
        Weakest sandbox tier to accept.
    seconds
        Limit on a program's time in all its episodes; by default two minutes an episode.
    fitness
        With an objective, or with strategic measures that are wanted; by default the domain's.
    shown
        Metrics to be shown besides the usual ones and those on request.
    on_measured
        Called after every program with the result, the number of those done, and of all.
    """
    work = domain(setting.game)
    trials = tuple(seeded_trial(setting, seed) for seed in seeds)
    how = fitness or work.fitness
    asked = requested(how, work.metrics)
    stage = Stage(
        split="test",
        suite="games",
        trials=trials,
        fitness=how,
        seconds=seconds or ON_REQUEST_SECONDS * episodes(asked) * len(trials),
    )
    work.prepare(stage)
    names = tuple(dict.fromkeys((*METRICS, *shown, *asked)))
    dispatcher = Dispatcher(executor, setting.game, tier, tick=lambda: None, note=lambda text: None)
    waiting: dict[str, tuple[NamedProgram, Program]] = {}
    for named in programs:
        program = store(archive, named)
        waiting[dispatcher.send(program.source, (stage,))] = (named, program)
    found: dict[str, PolicySummary] = {}
    total = len(waiting)
    while waiting:
        for answer in dispatcher.wait():
            named, program = waiting.pop(answer.token)
            row = _row(answer, stage, program, work.evaluator)
            archive.record_evaluation(row)
            standing = _standing(named.label, program, setting, tuple(seeds), row, names)
            if how.objective is not None:
                reached = answer.stages[0].fitness if isinstance(answer, Report) else None
                standing = replace(standing, fitness=reached, objective=how.objective)
            found[named.label] = standing
            on_measured(found[named.label], len(found), total)
    return [found[named.label] for named in programs]


def _row(answer: Report | Lost, stage: Stage, program: Program, evaluator: str) -> NewEvaluation:
    if isinstance(answer, Lost):
        return NewEvaluation(
            program=program.hash,
            suite=stage.suite,
            suite_digest=stage.digest,
            evaluator=evaluator,
            status=Status.INFRASTRUCTURE,
            reason=answer.reason,
            settings=settings_of(stage),
        )
    # Made on request: such a row belongs to no split of a run.
    return replace(stored(answer, answer.stages[0], program.hash, settings_of(stage)), split=None)


def _standing(
    label: str,
    program: Program,
    setting: Setting,
    seeds: tuple[int, ...],
    row: NewEvaluation,
    names: tuple[str, ...],
) -> PolicySummary:
    by_metric: dict[str, list[float]] = {}
    for score in row.scores:
        by_metric.setdefault(score.metric, []).append(score.value)
    fine = row.status is Status.OK
    return PolicySummary(
        label=label,
        program=program,
        setting=setting,
        seeds=seeds,
        status=row.status,
        reason=row.reason,
        summaries={metric: summarise(by_metric.get(metric, [])) for metric in names} if fine else {},
        seconds=sum(by_metric["seconds"]) if fine else None,
        tier=row.tier,
        faults={name: round(sum(by_metric[name])) for name in FAULTS} if fine else {},
        names=names,
    )
