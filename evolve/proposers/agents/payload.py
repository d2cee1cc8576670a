"""The contents of a request to agents: all that is told, as plain JSON values, when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nashforge.evolve.proposers.base import Failure, Individual, Request
from nashforge.evolve.proposers.held_out import Redaction
from nashforge.evolve.proposers.llm.feedback import Feedback
from nashforge.evolve.proposers.llm.providers.base import Prompt

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
    references: Mapping[str, float],
    train: str,
    numbers: Mapping[str, int],
) -> dict[str, Any]:
    """Return what is stored of a request.

    Parameters
    ----------
    system
        Digest of the system prompt, which is stored once for the run.
    level
        How much of the measurements is told.
    references
        What the reference program reached on the training games.
    train
        Digest of the training stage, which is stored once for the run.
    numbers
        The numbers of the training games.
    """

    def told(program: Individual) -> dict[str, Any]:
        return _program(program, level, references, numbers)

    failure = request.failure
    return {
        "operator": request.operator,
        "system": system,
        "user": prompt.user,
        TRAIN: train,
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


def _program(
    individual: Individual, level: Feedback, references: Mapping[str, float], numbers: Mapping[str, int]
) -> dict[str, Any]:
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
            game: {"value": value, "reference": references.get(game), "number": numbers.get(game)}
            for game, value in games.items()
        },
    }
