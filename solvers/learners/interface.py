"""The interface of evolvable learners: a player's own mixed strategy and the gradient of its own payoff.

Only numpy is imported here: this module is loaded inside the sandbox, where nothing else is needed.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.solvers.programs import simplex

Array: TypeAlias = npt.NDArray[np.float64]


class Learner:
    """The update rule of one agent; every agent of a game runs an instance of its own.

    A risk-averse equilibrium of two players is the Nash equilibrium of a game of four agents: each player
    climbs its payoff against an imagined adversary, and each adversary, which pays for departing from what
    the other player does, climbs its own. Payoffs are concave in an agent's own strategy, and scaled so
    that they span about 1. In iteration ``t = 1, 2, ..., horizon`` all agents are told their gradients at
    the present strategies, and all move at once. What counts is where the players stand at the end.

    Override ``update``, and ``start`` to set state up. Arrays that are given may be kept and changed.

    Attributes
    ----------
    actions : int
        Number of the agent's actions.
    horizon : int
        Number of iterations.
    adversary : float
        1.0 for an adversary, 0.0 for a player.
    """

    def __init__(self, actions: int, horizon: int, adversary: float) -> None:
        self.actions = actions
        self.horizon = horizon
        self.adversary = adversary
        self.start()

    def start(self) -> None:
        """Set up the state, before the first iteration."""

    def update(self, t: int, strategy: Array, gradient: Array) -> Array:
        """Return the next strategy: positive, sums to one, shape ``(actions,)``.

        Parameters
        ----------
        t
            Iteration, from 1.
        strategy
            The present strategy, shape ``(actions,)``; uniform in the first iteration.
        gradient
            Of the agent's own payoff, to be climbed, shape ``(actions,)``. It is steep near the boundary.
        """
        raise NotImplementedError("a learner must define update(self, t, strategy, gradient)")

    def uniform(self) -> Array:
        """Return the uniform strategy."""
        return np.full(self.actions, 1.0 / self.actions)

    def zeros(self) -> Array:
        """Return zeros over actions."""
        return np.zeros(self.actions)

    def project(self, x: Array) -> Array:
        """Return the strategy that is nearest to ``x`` (Euclidean projection onto the simplex)."""
        return simplex.project(x)

    def softmax(self, x: Array) -> Array:
        """Return the strategy proportional to ``exp(x)``."""
        weights = np.exp(x - np.max(x))
        return np.asarray(weights / np.sum(weights))

    def normalize(self, x: Array) -> Array:
        """Return the strategy proportional to the positive part of ``x``; uniform if nothing is."""
        weights = np.maximum(x, 0.0)
        total = np.sum(weights)
        return weights / total if total > 0.0 else self.uniform()
