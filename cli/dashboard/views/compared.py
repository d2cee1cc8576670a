"""Programs side by side: values by game, all metrics, and curves, as tables and charts show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from nashforge.cli.dashboard.charts import series
from nashforge.cli.rendering import output
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.results.comparison import FLOOR, Comparison
from nashforge.solvers.metrics.registry import Metric
from nashforge.solvers.policies.metrics import FAULTS, METRICS, summarise

Cells: TypeAlias = list[tuple[str, bool]]
"""Of each program: a value, and whether it is the best."""


def compared_data(work: Domain, compared: Comparison) -> dict[str, Any]:
    """Return a comparison as a table and charts."""
    metric = work.metrics[work.metric]
    games = [
        (game, _cells([compared.value(label, game) for label in compared.labels], metric))
        for game in compared.games
    ]
    others = []
    for other in work.metrics.values():
        means = [compared.mean(label, other, FLOOR) for label in compared.labels]
        # What went wrong is told where anything did; the first metric, where there are others or seeds.
        told = any(means) or (other.name not in FAULTS and any(value is not None for value in means))
        if told and (other.name != metric.name or len(compared.games) > 1):
            spread = [_interval(work, compared, label, other) for label in compared.labels]
            cells = [
                (text + more, best) for (text, best), more in zip(_cells(means, other), spread, strict=True)
            ]
            others.append((other.label, other.better, cells))
    return {
        "split": compared.split,
        "suite": compared.suite,
        "labels": compared.labels,
        "metric": metric.label,
        "games": games,
        "others": others,
        "charts": series.curves(compared.rows, metric),
    }


def _cells(values: Sequence[float | None], metric: Metric) -> Cells:
    known = {value for value in values if value is not None}
    best = metric.best(known) if len(known) > 1 else None
    return [
        # Zero has digits only where there are orders of magnitude.
        (
            "0" if value == 0 and not metric.logarithmic else output.number(value),
            value is not None and value == best,
        )
        for value in values
    ]


def _interval(work: Domain, compared: Comparison, label: str, metric: Metric) -> str:
    """Return the half width of the interval of a mean, where the games are seeds of one."""
    if work.episodes is None or metric.name not in METRICS:
        return ""
    mine = [row for row in compared.rows if row.label == label]
    found = summarise(score.value for row in mine for score in row.scores if score.metric == metric.name)
    return "" if found.mean is None or found.high is None else f" ±{found.high - found.mean:.2g}"
