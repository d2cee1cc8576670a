"""The archive's records as JSON objects; the names of the fields are documented in docs/json.md."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering.cautions import cautions_of

if TYPE_CHECKING:
    from nashforge.archive import Candidate, Evaluation, ModelCall, Relative, TransferReport
    from nashforge.evolve.measurement.program_results import ProgramResult
    from nashforge.evolve.measurement.request import Measurements
    from nashforge.evolve.proposers.outages import Outage
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
        "outages": [outage_as_dict(one) for one in status.outages],
        "agents": None if status.agents is None else _fields(status.agents, "open held claimed"),
        "measuring": None if status.measuring is None else _fields(status.measuring, "what done of"),
        "cautions": cautions_of(status),
        "standing": None if status.standing is None else status.standing.as_dict(),
        **_fields(run, "created started finished imported"),
    }


def outage_as_dict(outage: Outage) -> dict[str, Any]:
    """Return a model that is away."""
    return _fields(outage, "model reason since")


def _fields(record: object, names: str) -> dict[str, Any]:
    """Return some attributes of a record; what is stored as an enumeration by its value."""
    values = {name: getattr(record, name) for name in names.split()}
    return {name: str(value) if isinstance(value, StrEnum) else value for name, value in values.items()}


def candidate_as_dict(candidate: Candidate | Relative) -> dict[str, Any]:
    """Return a candidate."""
    return {
        "program": candidate.nickname,
        "hash": candidate.program,
        **_fields(candidate, "run index status reason operator proposer island note"),
        "fitness": _fields(candidate, "train validation test"),
        **_fields(candidate, "created finished imported"),
    }


def evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return a stored evaluation with all its scores."""
    return {
        **_fields(evaluation, "suite split status reason fitness evaluator tier attempt started finished"),
        **_fields(evaluation, "cpu_seconds wall_seconds peak_memory imported settings"),
        "scores": [_fields(score, "game metric iteration value direction") for score in evaluation.scores],
    }


def call_as_dict(call: ModelCall) -> dict[str, Any]:
    """Return a recorded call of a model, without its request and answer."""
    return {
        "index": call.request.get("index"),
        "purpose": call.request.get("purpose"),
        "model": f"{call.provider}:{call.model}",
        **_fields(call, "status reason input_tokens cached_tokens cache_write_tokens output_tokens"),
        **_fields(call, "cost reserved_cost latency created"),
        "turn": call.request.get("turn", 0),
        "tools_called": [each["name"] for each in (call.response or {}).get("calls", ())],
    }


def transfer_as_dict(file: Path, report: TransferReport) -> dict[str, Any]:
    """Return what was imported from a file."""
    return {"file": str(file), **_fields(report, "added known renamed missing_parents left_out")}


def curve_as_list(measured: ProgramResult) -> list[dict[str, Any]]:
    """Return the checkpoints of a measurement."""
    times = measured.times or (None,) * len(measured.curve)
    last = dict(measured.curves.get("last_iterate", ()))
    return [
        {
            "iteration": step,
            "value": value,
            "seconds": seconds,
            **({"last_iterate": last[step]} if step in last else {}),
        }
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
