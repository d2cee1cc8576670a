"""Distributions, values, best responses and NashConv of mean-field games."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashforge.games.meanfield.model import Floats, MeanFieldGame
from nashforge.solvers.meanfield import kernels


@dataclass(frozen=True, eq=False)
class Values:
    """Values of nodes and actions.

    Attributes
    ----------
    node : ndarray, shape (nodes,)
    action : ndarray, shape (states, actions)
        The reward of the state included; ``-inf`` where the state has no such action.
    """

    node: Floats
    action: Floats


def distribution(game: MeanFieldGame, policy: Floats) -> Floats:
    """Return the mass of every node when all agents play a policy of shape ``(states, actions)``.

    Returns
    -------
    ndarray, shape (nodes + 1,)
        The last is 0, for states that nobody can reach; see `nashforge.games.meanfield.model.RewardTerms`.
    """
    mass = np.zeros(len(game.kind) + 1)
    mass[game.roots] = 1.0
    kernels.flow(*_ways(game), policy, mass)
    return mass


def rewards(game: MeanFieldGame, mass: Floats) -> Floats:
    """Return the reward of every node at a distribution, shape ``(nodes,)``."""
    terms = game.terms
    reward = terms.constant.copy()
    kernels.collect_rewards(*terms.linear, *terms.logarithmic, *terms.quadratic, mass, reward)
    return reward


def policy_values(game: MeanFieldGame, policy: Floats, reward: Floats) -> Values:
    """Return the values of an agent that plays a policy for these rewards."""
    found = _empty(game)
    kernels.evaluate(*_ways(game), reward, policy, found.node, found.action)
    return found


def best_response(game: MeanFieldGame, reward: Floats) -> Values:
    """Return the values of an agent that responds best to these rewards."""
    found = _empty(game)
    kernels.optimise(*_ways(game), reward, found.node, found.action)
    return found


def greedy(values: Values) -> Floats:
    """Return the policy that takes the first of the best actions in each state."""
    policy = np.zeros_like(values.action)
    np.put_along_axis(policy, values.action.argmax(axis=1)[:, None], 1.0, axis=1)
    return policy


def nash_conv(game: MeanFieldGame, policy: Floats) -> float:
    """Return what an agent can gain when all others play a policy, summed over populations.

    Source: Perrin et al. (2020), arXiv 2007.03458, who call it exploitability.
    """
    reward = rewards(game, distribution(game, policy))
    best, own = best_response(game, reward), policy_values(game, policy, reward)
    return float((best.node - own.node)[game.roots].sum())


def reward_range(game: MeanFieldGame) -> float:
    """Return the range of the rewards of states when all agents play uniformly."""
    reward = rewards(game, distribution(game, game.uniform()))
    return float(np.ptp(reward[game.nodes_of_states]))


def _ways(game: MeanFieldGame) -> tuple[np.ndarray, ...]:
    return game.kind, game.states, game.start, game.child, game.probability, game.action


def _empty(game: MeanFieldGame) -> Values:
    return Values(np.empty(len(game.kind)), np.full(game.legal.shape, -np.inf))
