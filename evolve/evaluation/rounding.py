"""The spread of equal formulas in a game, because they round differently: measured once, kept as data.

The same rule on payoffs times a factor that is no power of two does the same but for the rounding of floating
point. In some games these last digits decide which branch a rule takes, and it ends orders of magnitude
apart: a smaller difference between two programs may be no more than that there.
``python -m benchmarks.rounding SUITE`` measures it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import numpy as np

from nashforge.evolve.evaluation.messages import Stage, Trial

DATA = "rounding.toml"
"""The spreads that are known, in orders of magnitude, by domain and by `name_of` a trial."""

TELLING = 0.05
"""Smaller spreads are not told."""


def name_of(trial: Trial) -> str:
    """Return how a trial is called in the data."""
    return f"{trial.game}, {trial.iterations} iterations"


@cache
def known() -> Mapping[str, Mapping[str, float]]:
    """Return the spreads that were measured, by domain and trial."""
    text = resources.files(__package__).joinpath(DATA).read_text(encoding="utf-8")
    return tomllib.loads(text)


def spread_of(domain: str, trial: Trial) -> float | None:
    """Return how far equal formulas end apart in a trial, in orders of magnitude; None if nobody measured it.

    Disguised games are others.
    """
    return None if trial.disguise is not None else known().get(domain, {}).get(name_of(trial))


def spread(values: Iterable[float], floor: float) -> float:
    """Return the span of values in orders of magnitude, those below the floor as it."""
    logs = np.log10(np.maximum(list(values), floor))
    return float(logs.max() - logs.min())


def words(domain: str, stage: Stage) -> str:
    """Return in a sentence in which games of a stage rounding alone moves a rule; empty where in none."""
    found = {number: spread_of(domain, trial) for number, trial in enumerate(stage.trials, 1)}
    moved = {number: value for number, value in found.items() if value is not None and value >= TELLING}
    if not moved:
        return ""
    games = ", ".join(f"{value:.2g} in game {number}" for number, value in moved.items())
    return (
        "Some games are chaotic. The same rule on payoffs times a factor, which changes nothing but the "
        "rounding, ended up to so many orders of magnitude apart, of several rules of the library: "
        f"{games}. A smaller difference between two programs may be no more than that there."
    )
