"""Policies of social dilemmas over the seeds of a setting: means with intervals, and forgiven faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nashforge.archive import Program, Status
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.trials import seed_of
from nashforge.evolve.measurement.request import Measurements
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.metrics import FAULTS, METRICS, POPULATION, Summary, summarise


@dataclass(frozen=True)
class PolicySummary:
    """The performance of a group of copies of one program.

    Attributes
    ----------
    label : str
        Name of the program, as it was given.
    setting, seeds
        The episodes that were played.
    summaries : dict
        Mean and interval of each metric over the seeds, in the order of tables; empty for a failure, whose
        ``reason`` says why.
    seconds : float or None
        Wall time of all episodes.
    faults : dict
        What went wrong in all episodes and was forgiven; empty for a failure.
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
    faults: dict[str, int]
    fitness: float | None


def policy_summaries(measured: Measurements, setting: Setting) -> list[PolicySummary]:
    """Return how each program does in the episodes of a setting, a game each, as far as they were played."""
    return [_summary(measured, setting, label) for label in measured.labels]


def _summary(measured: Measurements, setting: Setting, label: str) -> PolicySummary:
    rows = measured.of(label)
    failed = next((row for row in rows if row.status is not Status.OK), None)
    by_metric: dict[str, list[float]] = {}
    for row in rows:
        for score in row.scores:
            by_metric.setdefault(score.metric, []).append(score.value)
    names = _names(measured, setting)
    return PolicySummary(
        label=label,
        program=rows[0].program,
        setting=setting,
        seeds=tuple(seed_of(row.game) for row in rows),
        status=Status.OK if failed is None else failed.status,
        reason=None if failed is None else failed.reason,
        summaries={} if failed else {name: summarise(by_metric.get(name, [])) for name in names},
        seconds=None if failed else sum(by_metric["seconds"]),
        tier=(failed or rows[0]).tier,
        faults={} if failed else {name: round(sum(by_metric[name])) for name in FAULTS},
        fitness=None if measured.fitness.objective is None else measured.total(label),
    )


def policy_rows(measured: Measurements, summaries: Sequence[PolicySummary]) -> list[dict[str, Any]]:
    """Return one row for each program and metric, as docs/json.md has them."""
    return [_row(measured, one, name) for one in summaries for name in _names(measured, one.setting)]


def _names(measured: Measurements, setting: Setting) -> list[str]:
    """Return the metrics of a setting, and those that were asked for."""
    fluid = POPULATION if setting.fluid else ()
    return list(dict.fromkeys((*METRICS, *fluid, *(metric.name for metric in measured.shown))))


def _row(measured: Measurements, one: PolicySummary, metric: str) -> dict[str, Any]:
    summary = one.summaries.get(metric, Summary(None, None, None, 0))
    return {
        "program": one.label,
        "nickname": one.program.nickname,
        "hash": one.program.hash,
        "game": str(one.setting),
        "suite": None,
        "iterations": one.setting.horizon,
        "metric": metric,
        "direction": domain(one.setting.game).metrics[metric].direction,
        "value": summary.mean,
        "metrics": {name: each.mean for name, each in one.summaries.items() if each.count},
        "interval": None if summary.low is None else [summary.low, summary.high],
        "seeds": list(one.seeds),
        "defined": summary.count,
        "faults": one.faults or None,
        "status": str(one.status),
        "reason": one.reason,
        "fitness": one.fitness,
        "reference": None,
        "reference_value": None,
        "objective": measured.fitness.objective,
        "seconds": one.seconds,
        "tier": one.tier,
    }
