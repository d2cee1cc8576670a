"""From what workers report to what the archive stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from nashforge.archive.records import Candidate, Evaluation, NewEvaluation, Score
from nashforge.evolve.evaluation.messages import COPIES, Fitness, Report, Stage, StageReport
from nashforge.evolve.evaluation.objectives import parse_objective
from nashforge.evolve.proposers.base import Curve
from nashforge.evolve.search.scoreboard import Outcome

CHALLENGE = "challenge"
"""The setting of a measurement that was made because a challenge changed the games: the number of that."""

IDENTITIES = "identities"
"""The setting of a measurement that tells the identities of its games by label."""


SCALES = "scales"
"""The setting that tells the factors of payoffs by label, where they are not 1."""

REFERENCES, FLOORS = "references", "floors"
"""The settings that tell what the best reference reached, and floors of their own, by label."""


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
        scores=stage.scores,
    )


def settings_of(stage: Stage) -> dict[str, Any]:
    """Return what a stage's numbers depend on besides the program, for the record."""
    scales = {trial.label: trial.scale for trial in stage.trials if trial.scale != 1.0}
    identities = {trial.label: trial.identity for trial in stage.trials if trial.identity is not None}
    return {
        "horizon": max(trial.iterations for trial in stage.trials),
        "fitness": stage.fitness.model_dump(mode="json"),
        "games": [trial.label for trial in stage.trials],
        **({IDENTITIES: identities} if identities else {}),
        **({SCALES: scales} if scales else {}),
        **({REFERENCES: dict(stage.references)} if stage.references else {}),
        **({FLOORS: dict(stage.floors)} if stage.floors else {}),
    }


def identity_in(settings: Mapping[str, Any], label: str) -> str | None:
    """Return the identity of a game as the settings of a measurement tell it; older ones tell none."""
    found = settings.get(IDENTITIES)
    identity = found.get(label) if isinstance(found, Mapping) else None
    return identity if isinstance(identity, str) else None


def scale_in(settings: Mapping[str, Any], label: str) -> float:
    """Return the factor of payoffs in a game as the settings of a measurement tell it."""
    found = settings.get(SCALES)
    return float(found.get(label, 1.0)) if isinstance(found, Mapping) else 1.0


def last_values(scores: Iterable[Score], metric: str) -> dict[str, float]:
    """Return the last value of a metric by game."""
    return {game: points[-1][1] for game, points in curves_of(scores, metric).items()}


def stored_outcome(
    candidate: Candidate, evaluations: Iterable[Evaluation], metric: str, fitness: Fitness
) -> Outcome:
    """Return what the archive says of a candidate, as it was when its outcome came in.

    Once it was measured here, imported measurements count for nothing. Nor do those that were made later, on
    the games of a challenge.
    """
    fingerprint = None
    scores: tuple[Score, ...] = ()
    reached: dict[str, float] = {}
    for row in evaluations:
        if row.imported is not None and candidate.imported is None:
            continue
        if CHALLENGE in row.settings:
            continue
        fingerprint = row.fingerprint or fingerprint
        if row.split == "train":
            scores = row.scores
        if row.split is not None and row.fitness is not None:
            reached[row.split] = row.fitness
    copies = tuple(reached[split] for split in COPIES if split in reached)
    if candidate.train is not None and "train" in reached:
        validation = validated(reached.get("validation"), copies)
        candidate = replace(candidate, train=reached["train"], validation=validation or candidate.validation)
    return replace(outcome_of(candidate, fingerprint, scores, metric, fitness), copies=copies)


def validated(validation: float | None, copies: Sequence[float]) -> float | None:
    """Return the validation fitness: that on further disguises, on which a program was not chosen, if any."""
    return sum(copies) / len(copies) if copies else validation


def copies_in(report: Report) -> tuple[float, ...]:
    """Return the fitness on further disguises of the validation games, one by one."""
    found = (report.fitness(split) for split in COPIES)
    return tuple(value for value in found if value is not None)


def outcome_of(
    candidate: Candidate,
    fingerprint: str | None,
    scores: Iterable[Score],
    metric: str,
    fitness: Fitness,
) -> Outcome:
    """Return a candidate's outcome with its final values, curves and times by game."""
    taken = tuple(scores)
    curves, values = curves_of(taken, metric), last_values(taken, metric)
    seconds = {score.game: score.value for score in taken if score.metric == "seconds"}
    parts: tuple[float, ...] = ()
    if fitness.objective is not None and taken:
        parts = parse_objective(fitness.objective).parts(taken, fitness.floor)
    others = dict.fromkeys(
        score.metric for score in taken if score.iteration is not None and score.metric != metric
    )
    measures = {name: curves_of(taken, name) for name in others}
    return Outcome(candidate, fingerprint, values, curves, seconds, parts, measures=measures)


def curves_of(scores: Iterable[Score], metric: str) -> dict[str, Curve]:
    """Return the values of a metric at its checkpoints, by game."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for score in scores:
        if score.metric == metric:
            curves.setdefault(score.game, []).append((score.iteration or 0, score.value))
    return {game: tuple(sorted(points)) for game, points in curves.items()}
