"""Stationary policies of discounted Markov games: what they are worth, their RQE gap, and exact equilibria.

The value of a player's policy is the fixed point of ``V(s) = U^tau(x_s, y_s; Q_s) - epsilon nu(x_s)`` with
``Q = r + gamma E V(next)`` (Zhang, Mazumdar 2026, arXiv 2602.12386): in every state an adversary moves the
partner's play at a price. Values, best responses and equilibria are found by iterating on policies, which is
Newton's method on the fixed point: adversaries are improved until values stand still, then the player.
In a game of one state and discount 0 all of this is the matrix definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.markov.model import MarkovGame
from nashforge.solvers.equilibria.markov import (
    MarkovEquilibrium,
    Rationality,
    stage_equilibrium,
    stage_values,
)
from nashforge.solvers.equilibria.risk_averse.best_response import best_response
from nashforge.solvers.risk.kernels import measure_rows
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import nu
from nashforge.solvers.risk.utility import AGGREGATE

Array = npt.NDArray[np.float64]
Policies = tuple[Array, Array]

STILL = 1e-13
"""Values stand still when they change by less, relative to the largest."""
MOST_ROUNDS = 200


def policy_values(
    game: MarkovGame,
    policies: Policies,
    player: int,
    *,
    risk: Risk,
    epsilon: float,
    regularizer: str,
    discount: float,
) -> Array:
    """Return what a player's policy is worth in every state, shape ``(states,)``, in units of utility.

    Parameters
    ----------
    policies
        Of both players, shapes ``(states, n)`` and ``(states, m)``.
    risk, epsilon, regularizer
        The player's aversion to the partner's play, and the weight and kind of its regulariser; 0 for none.

    Raises
    ------
    RiskError
        If the discount is not at least 0 and below 1.
    """
    x, y = policies[player], policies[1 - player]
    penalty = np.array([epsilon * nu(regularizer, row) if epsilon > 0 else 0.0 for row in x])
    worst, slope, worth = np.empty_like(y), np.empty(y.shape[1]), np.empty(1)

    def adversary(v: Array, price: Array) -> Array:
        for s in range(game.states):
            measure_rows(risk.code, v[s : s + 1], y[s], risk.tau, worst[s : s + 1], slope[None], worth)
            price[s] = worth[0] - v[s] @ worst[s]
        return worst

    return _against(game, player, x, adversary, penalty, discount)


def guaranteed_values(game: MarkovGame, policies: Policies, player: int, *, discount: float) -> Array:
    """Return what a player's policy earns in every state if the other does its worst, shape ``(states,)``."""

    def adversary(v: Array, price: Array) -> Array:
        price[:] = 0.0
        return np.asarray(np.eye(v.shape[1])[v.argmin(axis=1)])

    return _against(game, player, policies[player], adversary, np.zeros(game.states), discount)


def _against(
    game: MarkovGame,
    player: int,
    x: Array,
    adversary: Callable[[Array, Array], Array],
    penalty: Array,
    discount: float,
) -> Array:
    """Return values against an adversary that answers the payoffs of its actions and writes its price."""
    check_discount(discount)
    rewards, transitions = game.oriented(player)
    earned = np.einsum("sa,sab->sb", x, rewards)
    leads = np.einsum("sa,sabt->sbt", x, transitions)
    values, price = np.zeros(game.states), np.zeros(game.states)
    for _ in range(MOST_ROUNDS):
        p = adversary(earned + discount * (leads @ values), price)
        matrix = np.eye(game.states) - discount * np.einsum("sb,sbt->st", p, leads)
        found = np.linalg.solve(matrix, (p * earned).sum(axis=1) + price - penalty)
        if np.abs(found - values).max() <= STILL * max(1.0, float(np.abs(found).max())):
            return np.asarray(found)
        values = found
    return values


def best_response_values(
    game: MarkovGame,
    policies: Policies,
    player: int,
    *,
    risk: Risk,
    epsilon: float,
    regularizer: str,
    discount: float,
) -> Array:
    """Return what a player's best stationary response is worth in every state; parameters as `policy_values`.

    With ``epsilon`` 0 the player must be risk-neutral: it is then the ordinary one.
    """
    if epsilon == 0 and risk.tau > 0:
        raise RiskError("the best response of a risk-averse player needs a positive epsilon")
    own: dict[str, Any] = {"risk": risk, "epsilon": epsilon, "regularizer": regularizer, "discount": discount}
    rewards, transitions = game.oriented(player)
    y = policies[1 - player]
    response = policies[player]
    values = policy_values(game, policies, player, **own)
    for _ in range(MOST_ROUNDS):
        Q = rewards + discount * (transitions @ values)
        if epsilon == 0:
            response = np.eye(Q.shape[1])[np.einsum("sab,sb->sa", Q, y).argmax(axis=1)]
        else:
            response = np.array(
                [
                    best_response(
                        Q[s],
                        y[s],
                        tau=risk.tau,
                        epsilon=epsilon,
                        divergence=risk.divergence,
                        regularizer=regularizer,
                    ).strategy
                    for s in range(game.states)
                ]
            )
        pair = (response, y) if player == 0 else (y, response)
        found = policy_values(game, pair, player, **own)
        gained = float((found - values).max())
        values = np.maximum(values, found)  # rounding must not take back what was gained
        if gained <= STILL * max(1.0, float(np.abs(found).max())):
            break
    return values


def stationary_gaps(
    game: MarkovGame, policies: Policies, rationality: Rationality, *, discount: float
) -> tuple[float, float]:
    """Return what each player would gain by its best stationary response, from the state where it gains most.

    Zero for both exactly at a stationary (Markov perfect) RQE, in units of utility.
    """
    check_aggregate(rationality)
    gaps = []
    for player in range(2):
        own = {**rationality.of_player(player), "discount": discount}
        best = best_response_values(game, policies, player, **own)
        gaps.append(max(float((best - policy_values(game, policies, player, **own)).max()), 0.0))
    return gaps[0], gaps[1]


def exact_stationary(
    game: MarkovGame,
    rationality: Rationality,
    *,
    discount: float,
    tolerance: float = 1e-11,
    rounds: int = 500,
) -> MarkovEquilibrium:
    """Return a stationary RQE: matrix equilibria at every state, and values of their policies, in turn.

    Policies are evaluated exactly (Pollatschek, Avi-Itzhak 1969); where that stops coming closer, by one
    backup a round (Shapley 1953), a contraction where every stage is in the monotone class.

    Returns
    -------
    MarkovEquilibrium
        Its ``gap`` is that of the whole game, summed over players (see `stationary_gaps`), its residual the
        last change of values.

    Raises
    ------
    RiskError
        If a matrix equilibrium was not found, or a parameter is not valid.
    """
    check_discount(discount)
    check_aggregate(rationality)
    n, m = game.actions
    policies = (np.full((game.states, n), 1.0 / n), np.full((game.states, m), 1.0 / m))
    values, change, whole = np.zeros((2, game.states)), np.inf, True
    for _ in range(rounds):
        Q = np.stack([game.rewards[i] + discount * (game.transitions @ values[i]) for i in range(2)])
        for s in range(game.states):
            policies[0][s], policies[1][s] = stage_equilibrium(Q, s, rationality, game).strategies
        if whole:
            players = enumerate({**rationality.of_player(i), "discount": discount} for i in range(2))
            ahead = np.array([policy_values(game, policies, i, **own) for i, own in players])
        else:
            stages = enumerate(zip(*policies, strict=True))
            ahead = np.transpose([stage_values(Q, s, pair, rationality) for s, pair in stages])
        moved = float(np.abs(ahead - values).max())
        whole = whole and moved <= 0.9 * change
        values, change = ahead, moved
        if moved <= tolerance * max(1.0, float(np.abs(values).max())):
            break
    gap = sum(stationary_gaps(game, policies, rationality, discount=discount))
    return MarkovEquilibrium(policies, values, gap, change)


def check_discount(discount: float) -> None:
    """Raise a `RiskError` unless a discount is at least 0 and below 1."""
    if not 0.0 <= discount < 1.0:
        raise RiskError(f"the discount must be at least 0 and below 1; got {discount}")


def check_aggregate(rationality: Rationality) -> None:
    """Raise a `RiskError` unless one adversary stands for a whole strategy."""
    if rationality.risk != AGGREGATE:
        raise RiskError(
            f"stationary policies are measured with {AGGREGATE} risk; got {rationality.risk!r}, which "
            "backward induction knows"
        )
