"""Fitness on validation by family of games, told without the names of the games."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Fitness, Stage


def letters(domain: Domain, stage: Stage) -> dict[str, str]:
    """Return the letter of each trial's family, by label; nobody can tell a game from it."""
    names = list(dict.fromkeys(domain.family(trial) for trial in stage.trials))
    return {trial.label: _letter(names.index(domain.family(trial))) for trial in stage.trials}


def _letter(place: int) -> str:
    more, last = divmod(place, len(string.ascii_uppercase))
    return (_letter(more - 1) if more else "") + string.ascii_uppercase[last]


def by_family(domain: Domain, stage: Stage, scores: Iterable[Score]) -> Mapping[str, float]:
    """Return the fitness of each family of a stage; none where there is one only, or no reference known."""
    return by_letter(
        letters(domain, stage), domain.metric, stage.fitness, scores, stage.references, stage.floors
    )


def by_letter(
    letter_of: Mapping[str, str],
    metric: str,
    fitness: Fitness,
    scores: Iterable[Score],
    references: Mapping[str, float],
    floors: Mapping[str, float],
) -> Mapping[str, float]:
    """Return the fitness of each family, given the letter of each trial's.

    Parameters
    ----------
    metric
        The domain's.
    references, floors
        By label, as a stage has them.
    """
    taken = tuple(scores)
    last: dict[str, tuple[int, float]] = {}
    for score in taken:
        if score.metric == metric and (score.iteration or 0) >= last.get(score.game, (-1, 0.0))[0]:
            last[score.game] = (score.iteration or 0, score.value)
    relative = fitness.kind == "log_ratio"
    if len(set(letter_of.values())) < 2 or (relative and not last.keys() <= references.keys()):
        return {}
    found: dict[str, float] = {}
    for name in dict.fromkeys(letter_of.values()):
        values = {label: value for label, (_, value) in last.items() if letter_of.get(label) == name}
        if values:
            of_these = [score for score in taken if score.game in values]
            found[name] = fitness_of(fitness, values, references, of_these, floors)
    return found
