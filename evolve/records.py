"""From what workers report to what the archive stores."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from archive.records import NewEvaluation, Score
from evolve.tasks import Report, Stage, StageReport


def stored(report: Report, stage: StageReport, program: str, settings: dict[str, Any]) -> NewEvaluation:
    """Return a stage's report as a row; the same report gives the same token, so it is stored once."""
    return NewEvaluation(
        program=program,
        suite=stage.suite,
        status=stage.status,
        token=uuid.uuid5(uuid.UUID(report.token), f"{stage.split} {stage.digest}").hex,
        suite_digest=stage.digest,
        evaluator=report.evaluator,
        split=stage.split,
        settings=settings,
        reason=stage.reason,
        log=stage.log,
        worker=report.worker,
        tier=stage.tier,
        started=datetime.fromisoformat(stage.started),
        cpu_seconds=stage.cpu_seconds,
        wall_seconds=stage.wall_seconds,
        peak_memory=stage.peak_memory,
        fitness=stage.fitness,
        fingerprint=stage.fingerprint,
        scores=tuple(
            Score(score.game, score.metric, score.value, score.direction, score.iteration)
            for score in stage.scores
        ),
    )


def settings_of(stage: Stage) -> dict[str, Any]:
    """Return what a stage's numbers depend on besides the program, for the record."""
    return {
        "horizon": max(trial.iterations for trial in stage.trials),
        "fitness": stage.fitness.model_dump(mode="json"),
        "games": [trial.label for trial in stage.trials],
    }


def final_values(stage: StageReport, metric: str) -> dict[str, float]:
    """Return the last value of a metric by game."""
    last: dict[str, tuple[int, float]] = {}
    for score in stage.scores:
        if score.metric == metric and (score.iteration or 0) >= last.get(score.game, (-1, 0.0))[0]:
            last[score.game] = (score.iteration or 0, score.value)
    return {game: value for game, (_, value) in last.items()}
