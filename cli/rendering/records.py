"""The archive's records as JSON objects; the names of the fields are documented in docs/json.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.archive import Candidate, Evaluation, Program, Relative
    from nashforge.evolve.measurement.evaluator import ProgramResult
    from nashforge.evolve.measurement.request import Measurements
    from nashforge.evolve.results.run_status import RunStatus


def run_status_as_dict(status: RunStatus) -> dict[str, Any]:
    """Return a run and where it stands."""
    run = status.run
    return {
        **status.result.as_dict(),
        "state": status.state,
        "alive": status.alive,
        "domain": run.domain,
        "strategy": status.settings.get("strategy"),
        "proposer": status.settings.get("proposer"),
        "max_evaluations": status.limit,
        "candidates": {str(status): count for status, count in status.counts.items()},
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "imported": run.imported,
    }


def candidate_as_dict(candidate: Candidate | Relative) -> dict[str, Any]:
    """Return a candidate."""
    return {
        "program": candidate.nickname,
        "hash": candidate.program,
        "run": candidate.run,
        "index": candidate.index,
        "status": str(candidate.status),
        "reason": candidate.reason,
        "operator": candidate.operator,
        "proposer": candidate.proposer,
        "island": candidate.island,
        "note": candidate.note,
        "fitness": {"train": candidate.train, "validation": candidate.validation, "test": candidate.test},
        "created": candidate.created,
        "finished": candidate.finished,
        "imported": candidate.imported,
    }


def program_as_dict(program: Program) -> dict[str, Any]:
    """Return a program without its source."""
    return {
        "program": program.nickname,
        "hash": program.hash,
        "domain": program.domain,
        "created": program.created,
        "imported": program.imported,
    }


def evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return a stored evaluation with all its scores."""
    return {
        "suite": evaluation.suite,
        "split": evaluation.split,
        "status": str(evaluation.status),
        "reason": evaluation.reason,
        "fitness": evaluation.fitness,
        "evaluator": evaluation.evaluator,
        "tier": evaluation.tier,
        "attempt": evaluation.attempt,
        "started": evaluation.started,
        "finished": evaluation.finished,
        "cpu_seconds": evaluation.cpu_seconds,
        "wall_seconds": evaluation.wall_seconds,
        "peak_memory": evaluation.peak_memory,
        "imported": evaluation.imported,
        "settings": evaluation.settings,
        "scores": [
            {
                "game": score.game,
                "metric": score.metric,
                "iteration": score.iteration,
                "value": score.value,
                "direction": score.direction,
            }
            for score in evaluation.scores
        ],
    }


def curve_as_list(measured: ProgramResult) -> list[dict[str, Any]]:
    """Return the checkpoints of a measurement."""
    times = measured.times or (None,) * len(measured.curve)
    return [
        {"iteration": step, "value": value, "seconds": seconds}
        for (step, value), seconds in zip(measured.curve, times, strict=True)
    ]


def measured_as_dict(measured: ProgramResult, told: Measurements) -> dict[str, Any]:
    """Return one program's measurement in one game: a row of ``evaluate`` and ``compare``."""

    return {
        "program": measured.label,
        "nickname": measured.program.nickname,
        "hash": measured.program.hash,
        "game": measured.game,
        "suite": told.suite,
        "iterations": measured.iterations,
        "metric": measured.metric,
        "direction": told.metric.direction,
        "value": measured.value,
        "metrics": {score.metric: score.value for score in measured.scores},
        "status": str(measured.status),
        "reason": measured.reason,
        "fitness": measured.fitness,
        "reference": told.reference,
        "objective": told.fitness.objective,
        "reference_value": measured.reference_value,
        "seconds": measured.seconds,
        "tier": measured.tier,
        "averaged": measured.averaged,
    }


def compared_as_list(told: Measurements) -> list[dict[str, Any]]:
    """Return the rows of ``compare``: those of ``evaluate``, each with its curve."""
    return [{**measured_as_dict(row, told), "curve": curve_as_list(row)} for row in told.rows]


def curves_as_rows(told: Measurements) -> list[dict[str, Any]]:
    """Return a row for each checkpoint of each curve; one that says why for a failure."""
    rows: list[dict[str, Any]] = []
    for row in told.rows:
        about = {"program": row.label, "game": row.game, "metric": row.metric}
        rows += [{**about, **point, "status": str(row.status)} for point in curve_as_list(row)]
        if not row.curve:
            rows.append({**about, "status": str(row.status), "reason": row.reason})
    return rows
