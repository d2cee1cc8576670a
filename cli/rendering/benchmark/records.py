"""A benchmark as JSON objects and rows; the names of the fields are documented in docs/json.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nashforge.evolve.benchmarking.request import Bench
    from nashforge.evolve.benchmarking.statistics import Record
    from nashforge.evolve.benchmarking.summary import Standing, Summary
    from nashforge.evolve.evaluation.intervals import Interval


def benchmark_as_dict(bench: Bench, told: Summary, missing: int, unmeasured: Sequence[str]) -> dict[str, Any]:
    """Return all that a benchmark found."""
    from nashforge.evolve.benchmarking.summary import FACTORS

    return {
        "domain": bench.domain.name,
        "evaluator": bench.domain.evaluator,
        "splits": list(bench.splits),
        "quick": bench.quick,
        "reference": told.reference,
        "metric": bench.domain.metric,
        "games": len(told.games),
        "families": list(told.families),
        "iterations": list(told.iterations),
        "cases": len(told.cases),
        "planned": told.planned,
        "missing": missing,
        "unmeasured": list(unmeasured),
        "programs": [_standing_as_dict(standing) for standing in told.standings],
        "pairs": [
            {
                "program": label,
                "opponent": other,
                "iterations": iterations,
                **_record(told.pair(label, other, iterations)),
            }
            for label in told.labels
            for other in told.labels
            if other != label
            for iterations in (None, *told.iterations)
        ],
        "profile": [
            {"program": label, "iterations": iterations, "factor": factor, "share": share}
            for iterations in (None, *told.iterations)
            for label, shares in told.profile(FACTORS, iterations).items()
            for factor, share in zip(FACTORS, shares, strict=True)
        ],
        "rows": measured_rows(told),
    }


def measured_rows(told: Summary) -> list[dict[str, Any]]:
    """Return a row for every program in every case that all have played."""
    from nashforge.evolve.evaluation.metrics import LAST_ITERATE

    rows = []
    for case in told.cases:
        for label in told.labels:
            measured = told.results[label, case]
            last = {score.metric: score.value for score in measured.scores}
            rows.append(
                {
                    "program": label,
                    "hash": measured.program.hash,
                    "game": case.game,
                    "family": case.family,
                    "split": case.split,
                    "iterations": case.iterations,
                    "scale": case.scale,
                    "value": measured.value,
                    "floor": case.floor,
                    "last_iterate": last.get(LAST_ITERATE.name),
                    "status": str(measured.status),
                    "reason": measured.reason,
                    "seconds": measured.seconds,
                    "cpu_seconds": measured.cpu_seconds,
                }
            )
    return rows


def _standing_as_dict(standing: Standing) -> dict[str, Any]:
    worst = standing.worst
    return {
        "program": standing.label,
        **_record(standing.record),
        "ratio": _interval(standing.ratio),
        "by_iterations": {str(n): _interval(found) for n, found in standing.by_iterations.items()},
        "by_family": dict(standing.by_family),
        "worst": None if worst is None else {"ratio": worst[0], "game": worst[1], "iterations": worst[2]},
        "last_iterate": standing.last_iterate,
        "by_scale": {f"{scale:g}": ratio for scale, ratio in standing.by_scale.items()},
        "scale_difference": standing.scale_difference,
        "wall_seconds": standing.wall_seconds,
        "cpu_seconds": standing.cpu_seconds,
        "failures": standing.failures,
    }


def _record(record: Record) -> dict[str, int]:
    return {"wins": record.wins, "ties": record.ties, "losses": record.losses}


def _interval(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}
