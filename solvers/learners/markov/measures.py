"""Measures of stationary policies in a Markov game, from its first state: matrix definitions, discounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nashforge.games.markov.model import MarkovGame
from nashforge.solvers.equilibria.stationary import (
    best_response_values,
    check_discount,
    guaranteed_values,
    policy_values,
)
from nashforge.solvers.metrics.social import shares_rewards
from nashforge.solvers.risk.measures import Risk

if TYPE_CHECKING:
    from nashforge.solvers.learners.markov.task import MarkovTask

Array = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""Welfare up to this, relative to the largest reward, counts as none: rewards may cancel but for rounding."""


def markov_measures(task: MarkovTask, policies: tuple[Array, Array]) -> dict[str, float]:
    """Return exploitability, risk-adjusted value, security value, welfare, and social measures if defined.

    All are sums of discounted rewards, expected over the first state. Values are means over players, welfare
    is their sum; regularisers do not count. The price of anarchy, relative to the best joint policy, needs
    positive welfare, and free-riding rewards that are shared but for private costs of one's own actions.
    """
    players = player_measures(task, policies)
    found = {
        "exploitability": max(float(np.mean(players["regret"])), 0.0),
        "risk_adjusted_value": float(np.mean(players["risk_adjusted_value"])),
        "security_value": float(np.mean(players["security_value"])),
        "welfare": float(task.game.initial @ welfare(task.game, policies, task.discount)),
    }
    if found["welfare"] > NEGLIGIBLE * float(np.abs(task.game.rewards).max()):
        best = float(task.game.initial @ best_welfare(task.game, task.discount))
        found["price_of_anarchy"] = best / found["welfare"]
    if shares_rewards(task.game.rewards[0] - task.game.rewards[1]):
        found["free_riding"] = abs(players["value"][0] - players["value"][1])
    return found


def player_measures(task: MarkovTask, policies: tuple[Array, Array]) -> dict[str, list[float]]:
    """Return each player's value, regret, risk-adjusted value and security value, from the first state."""
    game = task.game
    neutral: list[float] = []
    averse: list[float] = []
    gained: list[float] = []
    secure: list[float] = []
    for i in range(2):
        averse_one = {**task.rationality.of_player(i), "epsilon": 0.0, "discount": task.discount}
        neutral_one = {**averse_one, "risk": Risk(0.0)}
        expected = policy_values(game, policies, i, **neutral_one)
        feared = policy_values(game, policies, i, **averse_one)
        best = best_response_values(game, policies, i, **neutral_one)
        least = guaranteed_values(game, policies, i, discount=task.discount)
        for found, values in zip(
            (neutral, averse, gained, secure), (expected, feared, best - expected, least), strict=True
        ):
            found.append(float(game.initial @ values))
    return {
        "value": neutral,
        "regret": gained,
        "risk_adjusted_value": averse,
        "security_value": secure,
    }


def welfare(game: MarkovGame, policies: tuple[Array, Array], discount: float) -> Array:
    """Return the sum of both players' discounted rewards under their policies from every state.

    Rewards are added before they are discounted, so that those of a zero-sum game cancel exactly.

    Returns
    -------
    ndarray of shape (states,)
    """
    first, second = policies
    together = np.einsum("sa,sb,sab->s", first, second, game.rewards.sum(axis=0))
    leads = np.einsum("sa,sb,sabt->st", first, second, game.transitions)
    return np.asarray(np.linalg.solve(np.eye(game.states) - discount * leads, together))


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
