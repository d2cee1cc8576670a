"""Fitness: what was measured in the trials of a stage as one number, higher is better."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from nashforge.archive.records import Score
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.evaluation.objectives import parse_objective

LIBRARY = "library"
"""As a reference: all programs of the library."""


def fitness_of(
    fitness: Fitness,
    values: Mapping[str, float],
    references: Mapping[str, float],
    scores: Iterable[Score] = (),
    floors: Mapping[str, float] | None = None,
) -> float:
    """Return the fitness of what was measured.

    Parameters
    ----------
    values, references
        Final values of the domain's metric by label, of the program and of the best reference.
    scores
        All measurements, for objectives.
    floors
        Floors of trials that have one of their own, by label, see `Fitness.floor_relative`.

    Raises
    ------
    KeyError
        If ``log_ratio`` lacks the reference of a label.
    nashforge.evolve.evaluation.objectives.ObjectiveError
        If an objective lacks a metric.
    """
    if fitness.objective is not None:
        return parse_objective(fitness.objective).value(scores, fitness.floor)
    if fitness.kind != "log_ratio":
        mean = float(np.mean(list(values.values())))
        return mean if fitness.kind == "value" else -mean
    return joined(fitness, list(by_trial(fitness, values, references, floors).values()))


def by_trial(
    fitness: Fitness,
    values: Mapping[str, float],
    references: Mapping[str, float],
    floors: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return the logarithm of each trial's ratio of reference to value, both floored, within the clip."""
    ratios: dict[str, float] = {}
    most = np.inf if fitness.clip is None else fitness.clip
    for label, value in values.items():
        floor = (floors or {}).get(label, fitness.floor)
        ratio = np.log10(max(references[label], floor) / max(value, floor))
        ratios[label] = float(np.clip(ratio, -most, most))
    return ratios


def counted(
    fitness: Fitness,
    label: str,
    value: float,
    references: Mapping[str, float],
    floors: Mapping[str, float] | None = None,
) -> tuple[float, float] | None:
    """Return what a value counts in a trial, within the clip and without it.

    Returns
    -------
    tuple of float, or None
        The summand of the fitness, and the logarithm of the ratio of the reference to the value, both floored
        but not clipped: it tells progress in games that are far from the reference. None for other kinds of
        fitness, and where the reference is not known.
    """
    if fitness.kind != "log_ratio" or label not in references:
        return None
    open_ended = fitness.model_copy(update={"clip": None})
    within, raw = (by_trial(how, {label: value}, references, floors)[label] for how in (fitness, open_ended))
    return within, raw


def joined(fitness: Fitness, ratios: Sequence[float]) -> float:
    """Return the mean over the trials, drawn towards the worst of them by its weight."""
    mean = float(np.mean(ratios))
    return mean if not fitness.worst else mean + fitness.worst * (min(ratios) - mean)


def floors_of(fitness: Fitness, ranges: Mapping[str, float]) -> dict[str, float]:
    """Return the floors of trials, given the range of payoffs in each; none where the floor is one number."""
    if fitness.floor_relative is None:
        return {}
    return {label: fitness.floor_relative * spread for label, spread in ranges.items()}


def reference_programs(reference: str, library: Collection[str]) -> tuple[str, ...]:
    """Return the programs that a reference names: ``library`` is all of it, and commas part several."""
    if reference == LIBRARY and LIBRARY not in library:
        return tuple(library)
    return tuple(dict.fromkeys(name.strip() for name in reference.split(",") if name.strip()))


def reference_words(reference: str, name: Callable[[str], str] = str) -> str:
    """Return what a reference is, in words.

    Parameters
    ----------
    name
        How a program is called.
    """
    if reference == LIBRARY:
        return "the best of the library"
    names = [name(each) for each in reference_programs(reference, ())]
    return names[0] if len(names) == 1 else f"the best of {', '.join(names[:-1])} and {names[-1]}"


def floor_words(fitness: Fitness) -> str:
    """Return the floor in words."""
    if fitness.floor_relative is None:
        return str(fitness.floor)
    return f"{fitness.floor_relative:g} of the range of the game's payoffs"


def best_of(references: Iterable[Mapping[str, float]], direction: str = "min") -> dict[str, float]:
    """Return the best value of several programs by label."""
    best: dict[str, float] = {}
    better = min if direction == "min" else max
    for values in references:
        for label, value in values.items():
            best[label] = better(best.get(label, value), value)
    return best
