"""Running the stages of a task in order: gates, known behaviours, statuses. Shared by the domains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from nashforge.archive.records import Score, Status
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import (
    PATIENCE,
    Fitness,
    Report,
    Stage,
    StageReport,
    Strategic,
    Task,
)
from nashforge.evolve.evaluation.objectives import parse_objective
from nashforge.evolve.sandbox import CandidateFailure, InvalidOutput, Limits, Usage
from nashforge.solvers.metrics.registry import Metric, Play, UndefinedMetricError, measured, measures


@dataclass
class StageResult:
    """The running result of a stage; no scores count when the program fails."""

    values: dict[str, float] = field(default_factory=dict)
    scores: list[Score] = field(default_factory=list)
    log: str = ""
    cpu_seconds: float = 0.0
    waited_seconds: float = 0.0
    peak_memory: int = 0
    fingerprint: str | None = None
    final: Play | None = None
    """The joint strategy at the end of the game that was played last, for what is measured on request."""

    def use(self, usage: Usage, log: str = "") -> None:
        """Add what one session used."""
        self.cpu_seconds += usage.cpu_seconds
        self.waited_seconds += usage.wall_seconds
        self.peak_memory = max(self.peak_memory, usage.peak_memory_bytes)
        self.log += log


class Budget:
    """The time and memory that a stage grants a program; wall time is a multiple of processor time.

    Parameters
    ----------
    seconds
        Processor time for all trials of the stage together.
    memory_bytes
        Memory for each trial.
    patience
        Wall time in multiples of processor time. Where it is longer than usual, so is that of single calls.
    """

    def __init__(self, seconds: float, memory_bytes: int, patience: float = PATIENCE) -> None:
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._patience = patience
        self._call_seconds = Limits.call_seconds * max(patience / PATIENCE, 1.0)

    def limits(self, used: float = 0.0, waited: float = 0.0) -> Limits:
        """Return the limits of the next trial, when those before used so much processor and wall time."""
        return Limits(
            wall_seconds=max(self._patience * self._seconds - waited, 0.01),
            cpu_seconds=max(self._seconds - used, 0.01),
            call_seconds=self._call_seconds,
            memory_bytes=self._memory_bytes,
        )


def requested(fitness: Fitness, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """Return the metrics of a domain to be measured that are measured only on request."""
    named = set(() if fitness.objective is None else parse_objective(fitness.objective).metrics)
    named.update(() if fitness.strategic is None else fitness.strategic.metrics)
    return tuple(name for name, metric in metrics.items() if metric.on_request and name in named)


def measure_on_request(names: Iterable[str], fitness: Fitness, label: str, result: StageResult) -> None:
    """Add registered measures of what was played last, in a trial of this label.

    Raises
    ------
    InvalidOutput
        If one means nothing for the program's strategies.
    """
    if result.final is None:
        return
    try:
        values = measured(result.final, names, (fitness.strategic or Strategic()).parameters)
    except UndefinedMetricError as error:
        raise InvalidOutput(f"in {label}: {error}", result.log) from error
    known = measures()
    result.scores += [Score(label, name, value, known[name].direction) for name, value in values.items()]


def run_stages(
    task: Task, evaluator: str, run_stage: Callable[[Stage, StageResult], None], *, tier: str
) -> Report:
    """Run the stages of a task until one fails, or misses its gate, or shows a known behaviour.

    Parameters
    ----------
    run_stage
        Plays all trials of a stage and fills the result; raises `CandidateFailure` when the program fails.
    tier
        How strictly programs are confined; recorded also of those that fail before they have a session.
    """
    reports: list[StageReport] = []
    for stage in task.stages:
        if stage.gate is not None and not _passed(reports, stage.gate):
            break
        report = _run(stage, run_stage, tier)
        if report.fingerprint is not None and report.fingerprint in task.known:
            report = report.model_copy(
                update={
                    "status": Status.DUPLICATE,
                    "reason": f"behaves exactly like {task.known[report.fingerprint]}",
                    "scores": (),
                    "fitness": None,
                }
            )
        reports.append(report)
        if report.status is not Status.OK:
            break
    return Report(token=task.token, evaluator=evaluator, stages=tuple(reports))


def _passed(reports: list[StageReport], gate: float) -> bool:
    reached = [report.fitness for report in reports if report.split != "smoke"]
    known = [value for value in reached if value is not None]
    fitness = float(np.mean(known)) if known and len(known) == len(reached) else None
    return fitness is not None and fitness >= gate


def _run(stage: Stage, run_stage: Callable[[Stage, StageResult], None], tier: str) -> StageReport:
    started, began = datetime.now(UTC), time.perf_counter()
    result = StageResult()
    status, reason, fitness = Status.OK, None, None
    try:
        run_stage(stage, result)
        if stage.fitness.kind != "log_ratio" or stage.references:
            fitness = fitness_of(stage.fitness, result.values, stage.references, result.scores, stage.floors)
    except CandidateFailure as failure:
        result.use(failure.usage, failure.log)
        status, reason = Status(failure.status), failure.reason
    failed = status is not Status.OK
    return StageReport(
        split=stage.split,
        suite=stage.suite,
        digest=stage.digest,
        status=status,
        reason=reason,
        log=result.log or None,
        scores=() if failed else tuple(result.scores),
        fitness=fitness,
        fingerprint=None if failed else result.fingerprint,
        started=started.isoformat(),
        wall_seconds=time.perf_counter() - began,
        cpu_seconds=result.cpu_seconds,
        peak_memory=result.peak_memory,
        tier=str(tier),
    )
