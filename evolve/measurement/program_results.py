"""Results of one program in one game, read from the archive's evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from nashforge.archive import Evaluation, Program, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Trial
from nashforge.evolve.evaluation.metrics import AVERAGED, ELAPSED, SECONDS
from nashforge.evolve.evaluation.objectives import final_scores
from nashforge.evolve.search.measured.outcomes import identity_in, scale_in

Curve: TypeAlias = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class ProgramResult:
    """The outcome of one program in one game.

    Attributes
    ----------
    label : str
        What the program is called.
    game : str
        Label of the trial.
    value : float or None
        The metric after the last iteration; None for a failure, whose ``reason`` says why.
    curve : tuple of (int, float)
        Iterations and values at the checkpoints.
    curves : dict
        The same of every metric that was measured at checkpoints, by name.
    times : tuple of float
        Seconds until each checkpoint; where the domain does not measure them, the time of the whole game in
        proportion to the iterations. Empty if no time is known.
    scores : tuple of Score
        The last value of every metric in this game.
    fitness : float or None
        Of this game alone, relative to ``reference_value``; that of a suite is `suite_fitness`.
    cpu_seconds : float or None
        Processor time of the program's own processes, without the engine's; None if it is not known.
    averaged : bool or None
        False where a rule had given no policy a weight, so that uniform play was measured; None: the domain
        does not tell.
    fresh : bool
        Whether it was measured now, or taken from the archive.
    """

    label: str
    program: Program
    game: str
    iterations: int
    metric: str
    status: Status
    value: float | None
    curve: Curve
    times: tuple[float, ...] = ()
    scores: tuple[Score, ...] = ()
    reason: str | None = None
    fitness: float | None = None
    reference_value: float | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    tier: str | None = None
    averaged: bool | None = None
    fresh: bool = True
    curves: Mapping[str, Curve] = field(default_factory=dict)


def measured_in(
    domain: Domain, label: str, program: Program, trial: Trial, evaluation: Evaluation
) -> ProgramResult:
    """Return what an evaluation holds of one game."""
    curve = _curve(evaluation, trial.label, domain.metric)
    seconds = _seconds(evaluation, trial.label)
    averaged = all(score.metric != AVERAGED for score in evaluation.scores)
    return ProgramResult(
        label=label,
        program=program,
        game=trial.label,
        iterations=trial.iterations,
        metric=domain.metric,
        status=evaluation.status,
        value=curve[-1][1] if curve else None,
        curve=curve,
        times=_times(evaluation, trial.label, curve, seconds),
        scores=_final(evaluation, trial.label),
        reason=evaluation.reason,
        seconds=seconds,
        cpu_seconds=evaluation.cpu_seconds if evaluation.status is Status.OK else None,
        tier=evaluation.tier,
        averaged=averaged if curve and AVERAGED in domain.metrics else None,
        curves=_curves(evaluation, trial.label),
    )


def remembered(
    domain: Domain, label: str, program: Program, trial: Trial, evaluations: Sequence[Evaluation]
) -> ProgramResult | None:
    """Return the newest of a program's evaluations that measured a game for exactly so long, if any did.

    Parameters
    ----------
    evaluations
        Successful ones of the program, oldest first.
    """
    for evaluation in reversed(evaluations):
        if evaluation.evaluator != domain.evaluator:
            continue
        if evaluation.settings.get("horizon") != trial.iterations:
            continue
        # What was measured under the same name, but is not known to be the same game, tells nothing.
        if identity_in(evaluation.settings, trial.label) != trial.identity:
            continue
        if scale_in(evaluation.settings, trial.label) != trial.scale:
            continue
        measured = measured_in(domain, label, program, trial, evaluation)
        if measured.curve and measured.curve[-1][0] == trial.iterations:
            return replace(measured, fresh=False)
    return None


def _curve(evaluation: Evaluation, game: str, metric: str) -> Curve:
    points = [
        (score.iteration, score.value)
        for score in evaluation.scores
        if score.game == game and score.metric == metric and score.iteration is not None
    ]
    return tuple(sorted(points))


def _curves(evaluation: Evaluation, game: str) -> dict[str, Curve]:
    names = dict.fromkeys(s.metric for s in evaluation.scores if s.game == game and s.iteration is not None)
    return {name: _curve(evaluation, game, name) for name in names}


def _times(evaluation: Evaluation, game: str, curve: Curve, seconds: float | None) -> tuple[float, ...]:
    elapsed = dict(_curve(evaluation, game, ELAPSED.name))
    if curve and all(step in elapsed for step, _ in curve):
        return tuple(elapsed[step] for step, _ in curve)
    return () if seconds is None else tuple(seconds * step / curve[-1][0] for step, _ in curve)


def _final(evaluation: Evaluation, game: str) -> tuple[Score, ...]:
    """Return the last values of a game, with those of the whole evaluation, which was of this game only."""
    scores = [score._replace(game=game) for score in evaluation.scores if score.game in (game, "")]
    return tuple(
        Score(game, metric, value, direction)
        for metric, (direction, values) in final_scores(scores).items()
        for value in values.values()
    )


def _seconds(evaluation: Evaluation, game: str) -> float | None:
    return next((s.value for s in evaluation.scores if s.game == game and s.metric == SECONDS.name), None)
