"""The contents of a request to agents: all that is told, as plain JSON values, when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nashforge.evolve.evaluation.fitness import counted
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.base import Failure, Individual, Request
from nashforge.evolve.proposers.held_out import Redaction
from nashforge.evolve.proposers.llm.context.numbers import numbers_of
from nashforge.evolve.proposers.llm.feedback import Feedback
from nashforge.evolve.proposers.llm.providers.base import Prompt

PREPARING = "preparing"
"""What a run remembers of how far it is with the references and the library: done, of how many, how fast."""

FAMILIES = "families of validation"
"""What a run remembers of the letters of its validation games' families, by label."""

GAMES = "training games"
"""What a run remembers of the labels of its training games, in the order of their numbers."""

TRAIN = "train"
"""The field of a request, and of what a run remembers, that names the training stage by its digest."""


def open_request(request: Request, redaction: Redaction) -> Request:
    """Return a request whose failures name no held-out game."""

    def cleaned(failure: Failure) -> Failure:
        return replace(failure, reason=redaction(failure.reason))

    return replace(
        request,
        failures=tuple(map(cleaned, request.failures)),
        failure=None if request.failure is None else cleaned(request.failure),
    )


def payload_of(
    request: Request,
    prompt: Prompt,
    system: str,
    level: Feedback,
    train: Stage,
) -> dict[str, Any]:
    """Return what is stored of a request.

    Parameters
    ----------
    system
        Digest of the system prompt, which is stored once for the run.
    level
        How much of the measurements is told.
    train
        The training stage, which is stored once for the run and named by its digest.
    """

    def told(program: Individual) -> dict[str, Any]:
        return _program(program, level, train)

    failure = request.failure
    return {
        "operator": request.operator,
        "system": system,
        "user": prompt.user,
        TRAIN: train.digest,
        "base": request.base,
        "donors": list(request.donors),
        "parent": told(request.parent),
        "partner": None if request.partner is None else told(request.partner),
        "inspirations": [told(other) for other in request.inspirations[: level.others]],
        "failure": None
        if failure is None
        else {
            "index": failure.index,
            "candidate": failure.candidate_id,
            "source": failure.source,
            "status": failure.status,
            "reason": failure.reason,
        },
    }


def _program(individual: Individual, level: Feedback, train: Stage) -> dict[str, Any]:
    numbers = numbers_of(train)
    games = individual.scores if level.games else {}
    return {
        "candidate": individual.candidate_id,
        "index": individual.index,
        "program": individual.nickname,
        "hash": individual.hash,
        "source": individual.source,
        "fitness": individual.train,
        "validation": individual.validation,
        "games": {
            game: {"number": numbers.get(game), **game_value(train, game, value)}
            for game, value in games.items()
        },
        "families": dict(individual.families) if level.families else {},
    }


def game_value(train: Stage, game: str, value: float) -> dict[str, float | None]:
    """Return a value in a training game, with that of the reference and what it counts in fitness."""
    counts = counted(train.fitness, game, value, train.references, train.floors)
    within, raw = (None, None) if counts is None else counts
    return {
        "value": value,
        "reference": train.references.get(game),
        "fitness": within,
        "log_ratio": raw,
    }
