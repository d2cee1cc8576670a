"""Random draws that operators share: choices, and numbers worth trying."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.trees import significant

Item = TypeVar("Item")
Generator = np.random.Generator


def pick(rng: Generator, items: Sequence[Item], missing: str = "nothing to choose from") -> Item:
    """Return one of several items, each as likely; raise NotApplicable, and say why, if there is none."""
    if not items:
        raise NotApplicable(missing)
    return items[int(rng.integers(len(items)))]


def weighted(rng: Generator, items: Sequence[Item], weights: Sequence[float]) -> Item:
    """Return one of several items, as likely as its weight says."""
    edges = np.cumsum(weights)
    return items[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def chance(rng: Generator, probability: float) -> bool:
    """Return True with a probability."""
    return bool(rng.random() < probability)


def between(rng: Generator, low: float, high: float, digits: int = 2) -> float:
    """Return a number between two others, rounded."""
    return significant(float(rng.uniform(low, high)), digits)


def scale(rng: Generator, low: float, high: float, digits: int = 2) -> float:
    """Return a positive number, uniform in its logarithm, rounded."""
    return significant(math.exp(rng.uniform(math.log(low), math.log(high))), digits)


def count(rng: Generator, low: int, high: int) -> int:
    """Return an integer, uniform in its logarithm, rounded to two digits."""
    return int(scale(rng, low, high))
