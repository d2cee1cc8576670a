"""Standings of stored programs, read from their measurements alone."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from nashforge.archive import Archive, Candidate, Evaluation, Status
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.evaluation.standing import Standing, standing, together
from nashforge.evolve.proposers.base import Curve
from nashforge.evolve.search.measured.outcomes import FLOORS, REFERENCES, curves_of, last_values

SPLITS = ("train", "validation")
"""What decides in a search."""


def metric_in(evaluation: Evaluation, domain_name: str) -> str:
    """Return by which metric a program was judged: its domain's.

    The one that was stored first, where the domain is not installed.
    """
    try:
        return domain(domain_name).metric
    except UnknownDomainError:
        return next((score.metric for score in evaluation.scores), "")


def curves_in(evaluation: Evaluation, domain_name: str) -> dict[str, Curve]:
    """Return what a program reached, by game: iterations and values of the metric that it was judged by."""
    return curves_of(evaluation.scores, metric_in(evaluation, domain_name))


def standing_in(evaluation: Evaluation, domain_name: str) -> Standing | None:
    """Return the standing of a program in one of its measurements.

    None where it failed, or its fitness refers to no program, and for those that earlier versions stored,
    which did not say what the references reached.
    """
    settings: dict[str, Any] = evaluation.settings
    if evaluation.status is not Status.OK or not isinstance(settings.get(REFERENCES), dict):
        return None
    try:
        fitness, work = Fitness.model_validate(settings.get("fitness")), domain(domain_name)
    except (UnknownDomainError, ValidationError):
        return None
    values = last_values(evaluation.scores, work.metric)
    return standing(fitness, values, settings[REFERENCES], settings.get(FLOORS))


def standing_of(archive: Archive, candidate: Candidate | None, domain_name: str) -> Standing | None:
    """Return the standing of a candidate on the games that decide in its run: of training and validation."""
    if candidate is None:
        return None
    rows = archive.evaluations.find(candidate=candidate, status=[Status.OK])
    newest = {row.split: row for row in rows if row.split in SPLITS}
    return together(standing_in(newest[split], domain_name) for split in SPLITS if split in newest)
