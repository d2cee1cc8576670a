"""Social measures: price of anarchy, cross-play with partners of other training, free-riding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""Welfare up to this, relative to the largest payoff, counts as none: payoffs may cancel but for rounding."""


def price_of_anarchy(payoffs: Sequence[Array], strategies: Sequence[Array]) -> float:
    """Return the largest welfare of a matrix game divided by that of a profile; 1 is the best.

    Parameters
    ----------
    payoffs
        Both players' payoffs, player 1's actions as rows.

    Raises
    ------
    ValueError
        If the welfare of the profile is not positive: the ratio means nothing then.
    """
    total = payoffs[0] + payoffs[1]
    reached = float(strategies[0] @ total @ strategies[1])
    if reached <= 0:
        raise ValueError(
            f"the price of anarchy needs positive welfare; the profile has {reached:.6g}, shift the payoffs"
        )
    return float(total.max()) / reached


@dataclass(frozen=True)
class CrossPlay:
    """Results of policies with each other's partners.

    Attributes
    ----------
    matrix : ndarray of shape (profiles, profiles)
        Welfare a player when player 0 comes from the row's profile and all others from the column's.
    """

    matrix: Array

    @property
    def self_play(self) -> float:
        """Mean over pairs that were trained together."""
        return float(np.mean(np.diag(self.matrix)))

    @property
    def cross_play(self) -> float:
        """Mean over pairs that were not."""
        return float(np.mean(self._strangers()))

    @property
    def deviation(self) -> float:
        """Standard deviation over pairs that were not trained together."""
        return float(np.std(self._strangers()))

    @property
    def gap(self) -> float:
        """Loss with strangers."""
        return self.self_play - self.cross_play

    def loss(self, k: int) -> float:
        """Return what one profile loses with strangers: its own welfare less the mean with the others."""
        others = [j for j in range(len(self.matrix)) if j != k]
        mixed = np.concatenate([self.matrix[k, others], self.matrix[others, k]])
        return float(self.matrix[k, k] - mixed.mean())

    @property
    def worst(self) -> float:
        """The worst pair of strangers."""
        return float(np.min(self._strangers()))

    def _strangers(self) -> Array:
        return self.matrix[~np.eye(len(self.matrix), dtype=bool)]


def cross_play(plays: Sequence[Any]) -> CrossPlay:
    """Play all pairs of joint strategies of a game, such as `nashforge.solvers.metrics.profile.ProfilePlay`.

    Raises
    ------
    ValueError
        With fewer than two.
    """
    if len(plays) < 2:
        raise ValueError(f"cross-play needs at least two profiles; got {len(plays)}")
    return CrossPlay(np.array([[mine.welfare_with(theirs) for theirs in plays] for mine in plays]))


def free_riding(costs: Sequence[Array], strategies: Sequence[Array]) -> float:
    """Return the difference of two players' expected private costs, in units of utility.

    Parameters
    ----------
    costs, strategies
        The private cost of every action and its probability, one array a player.
    """
    expected = [float(cost @ strategy) for cost, strategy in zip(costs, strategies, strict=True)]
    return max(expected) - min(expected)


def shares_rewards(difference: Array) -> bool:
    """Whether payoffs are a shared reward less private costs of one's own actions.

    That is so exactly if their difference is the sum of a function of each action. Costs are then known but
    for a constant that both have in common, so that free-riding is the difference of expected payoffs.

    Parameters
    ----------
    difference
        Player 1's payoffs less player 2's, by the actions of player 1 and 2 (the last two axes).
    """
    rows = difference - difference[..., :, :1]
    size = max(float(np.abs(difference).max()), 1e-300)
    return bool(np.abs(rows - rows[..., :1, :]).max() <= 1e-9 * size)


def one_shot_free_riding(payoffs: Sequence[Array], strategies: Sequence[Array]) -> float:
    """Return by how much the expected private costs of a matrix game's players differ.

    Parameters
    ----------
    payoffs
        Both players' payoffs, player 1's actions as rows.

    Raises
    ------
    ValueError
        If the game is none of a shared reward and private costs.
    """
    difference = payoffs[0] - payoffs[1]
    if not shares_rewards(difference):
        raise ValueError(
            "free-riding needs payoffs that are a shared reward less private costs of one's own actions; "
            "these are none"
        )
    return abs(float(strategies[0] @ difference @ strategies[1]))
