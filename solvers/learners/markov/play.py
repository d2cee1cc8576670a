"""Stationary policies in Markov games, with what measures ask of them: matrix definitions, discounted.

Values are sums of discounted rewards, expected over the first state; gaps are those of `stationary_gaps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from nashforge.games.markov.model import MarkovGame
from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.equilibria.stationary import (
    best_response_values,
    check_discount,
    guaranteed_values,
    policy_values,
    stationary_gaps,
)
from nashforge.solvers.metrics.registry import MARKOV, Parameters, UndefinedMetricError
from nashforge.solvers.metrics.social import NEGLIGIBLE, shares_rewards
from nashforge.solvers.risk.measures import Risk

Array = npt.NDArray[np.float64]

LEAST_TAU, LARGEST_TAU = 1e-6, 1e6


@dataclass(frozen=True, eq=False)
class MarkovPlay:
    """A pair of stationary policies: a `nashforge.solvers.metrics.registry.Play`.

    Attributes
    ----------
    policies : tuple of ndarrays
        One a player, of shape ``(states, actions)``; empty where only the game is asked about.
    rationality : Rationality or None
        The players' own; None: that of the parameters of a measure.
    """

    name: str
    game: MarkovGame
    discount: float
    policies: tuple[Array, ...] = ()
    rationality: Rationality | None = None

    kinds = (MARKOV,)
    players = 2

    @property
    def possible_welfare(self) -> bool:
        """Whether any joint policy has positive welfare."""
        return self.best_welfare() > NEGLIGIBLE

    @property
    def private_costs(self) -> bool:
        """Whether rewards are shared but for private costs of one's own actions."""
        return shares_rewards(self.game.rewards[0] - self.game.rewards[1])

    def values(self) -> Array:
        """Return both players' values."""
        return np.array([float(self.game.initial @ expected) for expected in self._expected])

    def risk_adjusted(self, how: Parameters) -> Array:
        """Return both players' risk-adjusted values."""
        own = self._rationality(how.tau, how)
        return np.array([self._worth(i, Risk(own.tau[i], own.divergence)) for i in range(2)])

    def robust(self, radii: Sequence[float]) -> Array:
        """Return both players' worst values within KL radii, shape ``(players, radii)``.

        The divergence is summed over the steps, discounted like rewards, as the adversary plays.
        """
        return np.array([self._robustness(player, radii) for player in range(2)])

    def security(self) -> Array:
        """Return both players' security values."""
        least = [guaranteed_values(self.game, self._pair, i, discount=self.discount) for i in range(2)]
        return np.array([float(self.game.initial @ values) for values in least])

    def exploitability(self) -> float:
        """Return what a player gains by a best response, mean over both."""
        gains = [
            best_response_values(self.game, self._pair, player, **self._neutral) - self._expected[player]
            for player in range(2)
        ]
        return max(float(np.mean([float(self.game.initial @ gained) for gained in gains])), 0.0)

    def gap(self, tau: float, how: Parameters) -> float:
        """Return the RQE gap, summed over players; ``tau`` 0 is the QRE gap."""
        own = self._rationality(tau, how)
        return sum(stationary_gaps(self.game, self._pair, own, discount=self.discount))

    def welfare(self) -> float:
        """Return the sum of both players' discounted rewards.

        Rewards are added before they are discounted, so that those of a zero-sum game cancel exactly.
        """
        together = np.einsum("sa,sb,sab->s", *self._pair, self.game.rewards.sum(axis=0))
        leads = np.einsum("sa,sb,sabt->st", *self._pair, self.game.transitions)
        values = np.linalg.solve(np.eye(self.game.states) - self.discount * leads, together)
        return float(self.game.initial @ values)

    def best_welfare(self) -> float:
        """Return the welfare of the best joint policy."""
        return float(self.game.initial @ best_welfare(self.game, self.discount))

    def price_of_anarchy(self) -> float:
        """Return the welfare of the best joint policy over that of the policies."""
        reached = self.welfare()
        if reached <= NEGLIGIBLE * float(np.abs(self.game.rewards).max()):
            raise UndefinedMetricError("price_of_anarchy is undefined, because welfare is not positive")
        return self.best_welfare() / reached

    def free_riding(self) -> float:
        """Return the difference of both values, which is that of private costs."""
        first, second = self.values()
        return abs(float(first - second))

    def welfare_with(self, others: MarkovPlay) -> float:
        """Return the welfare a player when player 1 comes from another pair."""
        met = MarkovPlay(self.name, self.game, self.discount, (self.policies[0], others.policies[1]))
        return float(self.game.initial @ np.mean(met._expected, axis=0))

    @property
    def _pair(self) -> tuple[Array, Array]:
        first, second = self.policies
        return first, second

    def _rationality(self, tau: float, how: Parameters) -> Rationality:
        asked = Rationality((tau, tau), (how.epsilon, how.epsilon), how.divergence, "entropy")
        return self.rationality or asked

    @property
    def _neutral(self) -> dict[str, Any]:
        return {"risk": Risk(0.0), "epsilon": 0.0, "regularizer": "entropy", "discount": self.discount}

    @cached_property
    def _expected(self) -> list[Array]:
        return [policy_values(self.game, self._pair, player, **self._neutral) for player in range(2)]

    def _worth(self, player: int, risk: Risk) -> float:
        values = policy_values(self.game, self._pair, player, **{**self._neutral, "risk": risk})
        return float(self.game.initial @ values)

    def _robustness(self, player: int, radii: Sequence[float]) -> list[float]:
        """Return ``max over tau of U^tau - radius / tau``, by duality, which has one peak."""
        least = float(self.security()[player])
        found = []
        for radius in radii:
            if radius < 0 or not np.isfinite(radius):
                raise ValueError(f"a radius must be finite and at least 0; got {radius}")
            if radius == 0:
                found.append(self._worth(player, Risk(0.0)))
                continue
            peak = minimize_scalar(
                lambda logarithm, radius=radius: (
                    radius * np.exp(-logarithm) - self._worth(player, Risk(float(np.exp(logarithm))))
                ),
                bounds=(np.log(LEAST_TAU), np.log(LARGEST_TAU)),
                method="bounded",
                options={"xatol": 1e-6},
            )
            found.append(max(-float(peak.fun), least))
        return found


def best_welfare(game: MarkovGame, discount: float) -> Array:
    """Return the largest sum of both players' discounted rewards from every state, shape ``(states,)``.

    Howard's iteration on the joint policies of a planner who acts for both.

    Raises
    ------
    RiskError
        If the discount is not at least 0 and below 1.
    """
    check_discount(discount)
    together = game.rewards.sum(axis=0).reshape(game.states, -1)
    leads = game.transitions.reshape(game.states, together.shape[1], game.states)
    every, chosen = np.arange(game.states), together.argmax(axis=1)
    while True:
        step = np.eye(game.states) - discount * leads[every, chosen]
        values = np.linalg.solve(step, together[every, chosen])
        ahead = together + discount * (leads @ values)
        # Only what is better beyond rounding counts, so that no policy comes twice.
        better = ahead.max(axis=1) > ahead[every, chosen] + 1e-12 * max(1.0, float(np.abs(values).max()))
        if not better.any():
            return np.asarray(values)
        chosen = np.where(better, ahead.argmax(axis=1), chosen)
