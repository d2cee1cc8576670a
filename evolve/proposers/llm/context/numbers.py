"""Numbers of a program, as a prompt tells them: by game, beside the best of the library, with curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nashforge.evolve.evaluation.fitness import counted, fitness_of
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.base import Curve, Individual
from nashforge.evolve.proposers.llm.context.knowledge import Best, Knowledge
from nashforge.evolve.proposers.llm.feedback import Feedback


@dataclass(frozen=True)
class Row:
    """A program in one training game.

    Attributes
    ----------
    game, number : str, int
        Its label, and its place in the list of training games, from 1.
    value, reference : float, float or None
        Final value, of the program and of what fitness refers to.
    best : Best or None
        Of the library.
    share : float or None
        What the game counts in fitness, where it counts by itself: orders of magnitude below the reference.
    unclipped : float or None
        The same without the clip, where that is another number.
    curve : tuple of (int, float)
        Values by iteration.
    others : dict
        Curves of other metrics, by what they are called; at the same iterations, if they are known there.
    seconds : float or None
        Time taken.
    as_game : int or None
        The place of a longer trial of the same game whose curve begins as this one's, which is then not told.
    """

    game: str
    number: int
    value: float
    reference: float | None
    best: Best | None
    share: float | None
    curve: Curve
    others: Mapping[str, Curve]
    seconds: float | None
    as_game: int | None = None
    unclipped: float | None = None


@dataclass(frozen=True)
class Curves:
    """Curves at the same iterations: what each is of, and its values."""

    iterations: tuple[int, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class View:
    """A program in a prompt.

    Attributes
    ----------
    name, source : str
        Its nickname, and its source.
    lines : int
        Of the source.
    fitness, validation, mean : float or None
        Training, validation, and the mean of both.
    families : dict
        Fitness on validation by letter of the family.
    scores : tuple of Row
        By training game.
    """

    name: str
    source: str
    lines: int
    fitness: float | None
    validation: float | None
    mean: float | None
    families: Mapping[str, float]
    scores: tuple[Row, ...]

    @property
    def curves(self) -> tuple[Curves, ...]:
        """The curves, those of equal iterations together."""
        found: dict[tuple[int, ...], list[tuple[str, tuple[float, ...]]]] = {}
        for row in self.scores:
            for what, curve in (("", row.curve), *row.others.items()):
                if curve:
                    iterations, values = zip(*curve, strict=True)
                    name = f"game {row.number}, {what}" if what else f"game {row.number}"
                    found.setdefault(iterations, []).append((name, values))
        return tuple(Curves(iterations, tuple(lines)) for iterations, lines in found.items())


def numbers_of(stage: Stage) -> dict[str, int]:
    """Return the place of each game in the list of a stage's games, from 1."""
    return {trial.label: place for place, trial in enumerate(stage.trials, 1)}


def view(
    individual: Individual,
    train: Stage,
    known: Knowledge,
    level: Feedback,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> View:
    """Return what a level tells of a program.

    Parameters
    ----------
    titles
        What the metrics are called whose curves are told.
    """
    validation = individual.validation
    return View(
        individual.nickname,
        individual.source,
        len(individual.source.rstrip().splitlines()),
        individual.train,
        validation,
        None if validation is None else (individual.train + validation) / 2,
        individual.families if level.families else {},
        tuple(
            _row(individual, game, value, train, known, level, titles)
            for game, value in (individual.scores.items() if level.games else ())
        ),
    )


def shares(values: Mapping[str, float], stage: Stage) -> dict[str, float]:
    """Return what each game counts in fitness; none where games do not count by themselves."""
    if stage.fitness.kind != "log_ratio":
        return {}
    return {
        game: fitness_of(stage.fitness, {game: value}, stage.references, floors=stage.floors)
        for game, value in values.items()
        if game in stage.references
    }


def _row(
    individual: Individual,
    game: str,
    value: float,
    train: Stage,
    knowledge: Knowledge,
    level: Feedback,
    titles: Mapping[str, str],
) -> Row:
    again = repeated(individual, game, train)
    curve = thinned(individual.curves.get(game, ()), level.curve) if again is None else ()
    others: dict[str, Curve] = {}
    for metric, games in individual.measures.items() if curve else ():
        if metric not in titles:
            continue
        known = dict(games.get(game, ()))
        same = tuple((iteration, known[iteration]) for iteration, _ in curve if iteration in known)
        found = same if len(same) == len(curve) else thinned(games.get(game, ()), level.curve)
        others[titles[metric]] = found
    return Row(
        game,
        numbers_of(train).get(game, 0),
        value,
        train.references.get(game),
        knowledge.best.get(game) if level.library else None,
        shares({game: value}, train).get(game),
        curve,
        others,
        individual.seconds.get(game) if level.seconds else None,
        again,
        _unclipped(train, game, value),
    )


def _unclipped(train: Stage, game: str, value: float) -> float | None:
    counts = counted(train.fitness, game, value, train.references, train.floors)
    return None if counts is None or math.isclose(*counts) else counts[1]


ALIKE = 0.01
"""Curves are told once if they differ by no more, relative to their values."""


def repeated(individual: Individual, game: str, train: Stage) -> int | None:
    """Return the place of a longer trial of the same game that begins as a trial does, or None.

    A program that depends on the horizon plays otherwise there, and has a curve of its own.
    """
    trials = {trial.label: trial for trial in train.trials}
    own, curve = trials.get(game), individual.curves.get(game, ())
    if own is None or not curve:
        return None
    for place, trial in enumerate(train.trials, 1):
        known = dict(individual.curves.get(trial.label, ()))
        common = [(value, known[iteration]) for iteration, value in curve if iteration in known]
        longer = (trial.game, trial.disguise) == (
            own.game,
            own.disguise,
        ) and trial.iterations > own.iterations
        if longer and common and all(math.isclose(a, b, rel_tol=ALIKE) for a, b in common):
            return place
    return None


def thinned(curve: Curve, points: int) -> Curve:
    """Return so many points of a curve, about evenly spaced in the logarithm of the iteration.

    The last is first among them.
    """
    if points < 1 or not curve:
        return ()
    first, last = curve[0][0], curve[-1][0]
    wanted = [last ** ((k + 1) / points) for k in range(points)]
    if points > 1 and first > 0:
        wanted = [first * (last / first) ** (k / (points - 1)) for k in range(points)]
    left = list(curve)
    chosen = []
    for target in reversed(wanted):  # neighbours take the place of points that are taken
        if left:
            nearest = min(left, key=lambda point: abs(point[0] - target))
            left.remove(nearest)
            chosen.append(nearest)
    return tuple(sorted(chosen))
