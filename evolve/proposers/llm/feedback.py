"""Levels of feedback: how much of the measurements a model is told, as data; see ``prompts/feedback``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge import prompts
from nashforge.evolve.proposers.base import Curve, Individual


class Feedback(BaseModel):
    """A feedback level; ``prompts/feedback/dense.toml`` says what each setting means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    games: bool = True
    curve: int = Field(default=0, ge=0)
    seconds: bool = False
    others: int = Field(default=3, ge=0)
    failures: int = Field(default=4, ge=0)
    failed_sources: int = Field(default=0, ge=0)


def load_feedback(name: str) -> Feedback:
    """Return a level: ``sparse``, ``dense``, or the one in a TOML file.

    Raises
    ------
    nashforge.prompts.PromptError
        If there is no such level or it has an unknown or wrong setting.
    """
    try:
        return Feedback.model_validate(dict(prompts.feedback_table(name)))
    except ValidationError as error:
        first = error.errors()[0]
        raise prompts.PromptError(
            f"the feedback level {name} has a wrong setting ({first['loc'][0]}: {first['msg'].lower()}); the "
            f"settings are {', '.join(Feedback.model_fields)}"
        ) from error


@dataclass(frozen=True)
class Row:
    """Feedback of one game in a prompt."""

    game: str
    value: float
    reference: float | None
    curve: Curve
    seconds: float | None


@dataclass(frozen=True)
class View:
    """Feedback of one program in a prompt."""

    name: str
    source: str
    fitness: float | None
    validation: float | None
    scores: tuple[Row, ...]


def view(individual: Individual, references: Mapping[str, float], level: Feedback) -> View:
    """Return what a level tells of a program."""
    rows = tuple(
        Row(
            game,
            value,
            references.get(game),
            thinned(individual.curves.get(game, ()), level.curve),
            individual.seconds.get(game) if level.seconds else None,
        )
        for game, value in (individual.scores.items() if level.games else ())
    )
    return View(individual.nickname, individual.source, individual.train, individual.validation, rows)


def thinned(curve: Curve, points: int) -> Curve:
    """Return so many points of a curve, about evenly spaced in the logarithm of the iteration, the last first
    among them.
    """
    if points < 1 or not curve:
        return ()
    last = curve[-1][0]
    wanted = [last ** ((k + 1) / points) for k in range(points)]
    chosen = {min(curve, key=lambda point: abs(point[0] - target)) for target in wanted}
    return tuple(sorted(chosen))
