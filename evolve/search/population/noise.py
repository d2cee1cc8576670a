"""Noise of fitness: how much it differs between disguises of the same games, and what is within it.

A permutation of a game changes the order of floating-point operations, and with it what a strong rule
reaches; a perturbation of its payoffs changes the game a little. So one measurement is not a fact. The best
programs of a run are measured on several disguises (the setting ``copies``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from nashforge.archive import Archive, Run, Status
from nashforge.evolve.evaluation.messages import COPIES

LEAST = 0.0005
"""What is told of fitness has three digits after the point."""


def spread(measured: Sequence[Sequence[float]]) -> float | None:
    """Return the standard deviation of fitness between disguises, pooled over programs; None if unknown.

    That one disguise is harder than another for all programs alike is no noise: what is compared was measured
    on the same ones.

    Parameters
    ----------
    measured
        Fitness of each program on each disguise; programs with less of them than the others are left out.
    """
    most = max(map(len, measured), default=0)
    if most < 2:
        return None
    table = np.array([row for row in measured if len(row) == most], dtype=float)
    rest = table - table.mean(axis=1, keepdims=True)
    freedom = most - 1
    if len(table) > 1:
        rest -= rest.mean(axis=0, keepdims=True)
        freedom *= len(table) - 1
    return math.sqrt(float((rest**2).sum()) / freedom)


def error(deviation: float, copies: int) -> float:
    """Return the standard error of a mean over so many disguises."""
    return deviation / math.sqrt(copies)


def margin(deviation: float, copies: int = 1) -> float:
    """Return the difference in the mean of training and validation fitness below which it is noise.

    That is one standard error of the difference of two programs' means over so many disguises; half of it,
    because the training games count as much, and are the same for both.
    """
    return math.sqrt(2) * error(deviation, copies) / 2


def is_told(deviation: float | None) -> bool:
    """Whether noise is seen in the digits that fitness is told with; what rounding alone makes is not."""
    return deviation is not None and margin(deviation) >= LEAST


def is_within(difference: float, deviation: float | None, copies: int) -> bool:
    """Whether two programs differ by less than the noise, see `margin`."""
    if deviation is None or copies < 1:
        return False
    return abs(difference) < margin(deviation, copies)


def copies_of(archive: Archive, run: Run) -> Mapping[int, tuple[float, ...]]:
    """Return the fitness of a run's candidates on each further disguise of the validation games, by id."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for split in COPIES:
        rows = archive.evaluations.find(run=run, split=split, status=[Status.OK])
        for row in rows:
            if row.candidate_id is not None and row.fitness is not None:
                found[row.candidate_id][split] = row.fitness
        if not rows:
            break
    return {key: tuple(values[split] for split in sorted(values)) for key, values in found.items()}
