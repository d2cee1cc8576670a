"""Families of matrix games: random general-sum, coordination and cooperation games of any size.

A family is a function of its size and a Generator that returns both players' payoffs, player 1's actions as
rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Pair = tuple[Array, Array]


def random_game(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Independent standard normal payoffs."""
    return rng.normal(size=(n, m)), rng.normal(size=(m, n)).T.copy()


def zero_sum(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Standard normal payoffs of player 1, paid by player 2."""
    payoffs = rng.normal(size=(n, m))
    return payoffs, -payoffs


def coordination(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Both players earn the same if they agree, and nothing otherwise; some agreements are better."""
    common = np.zeros((n, m))
    np.fill_diagonal(common, rng.uniform(0.5, 1.5, size=min(n, m)))
    return common, common.copy()


def cooperation(rng: np.random.Generator, n: int, m: int) -> Pair:
    """A shared reward for the largest effort of the two, less a private cost of one's own effort.

    Free-riding on the partner's effort is an equilibrium: the setting of strategic risk aversion (2026),
    arXiv 2602.21515, example 4.2, with more levels of effort. Action 0 is the largest effort.
    """
    efforts = [np.linspace(1.0, 0.0, k) for k in (n, m)]
    cost, curve = rng.uniform(0.2, 0.6), rng.uniform(0.5, 2.0)
    reward = np.maximum.outer(efforts[0], efforts[1]) ** curve
    return reward - cost * efforts[0][:, None], reward - cost * efforts[1]


def dominance(rng: np.random.Generator, n: int, m: int) -> Pair:
    """A random game with one dominant action for player 1, as in a prisoner's dilemma."""
    first, second = random_game(rng, n, m)
    first[0] = first.max(axis=0) + rng.uniform(0.1, 0.5, size=m)
    return first, second


FAMILIES: dict[str, Callable[[np.random.Generator, int, int], Pair]] = {
    "random": random_game,
    "zero_sum": zero_sum,
    "coordination": coordination,
    "cooperation": cooperation,
    "dominance": dominance,
}


def family_names() -> tuple[str, ...]:
    """Return the names of all families."""
    return tuple(FAMILIES)
