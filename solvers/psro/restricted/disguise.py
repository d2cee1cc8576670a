"""Disguised restricted games: a solver that relies on the order of policies or the unit of payoffs shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Order: TypeAlias = npt.NDArray[np.intp]
Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
LARGEST_LOG_SCALE = 0.7
"""Payoffs are multiplied by a factor between exp(-0.7) and exp(0.7): about a half and two."""


class RestrictedDisguise:
    """A disguise of the restricted game.

    Policies are permuted anew in every iteration; each player's payoffs are multiplied by a positive factor,
    and a constant is added. None of it changes what is a good strategy.

    Parameters
    ----------
    players
        Number of players.
    rng
        The source of randomness; None: the game is shown as it is, policies in the order of their age.

    Attributes
    ----------
    scale, shift : ndarray of shape (players,)
        What payoffs are multiplied by, and what is then added.
    """

    def __init__(self, players: int, rng: np.random.Generator | None = None) -> None:
        self._players = players
        self._rng = rng
        self.scale, self.shift = np.ones(players), np.zeros(players)
        if rng is not None:
            # Zero-sum games stay constant-sum: solvers of two players may rely on it.
            self.scale[:] = np.exp(rng.uniform(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE))
            self.shift[:] = rng.normal(size=players)

    def orders(self, policies: int) -> list[Order]:
        """Return, for each player, which policy is shown at each place."""
        if self._rng is None:
            return [np.arange(policies) for _ in range(self._players)]
        return [self._rng.permutation(policies) for _ in range(self._players)]
