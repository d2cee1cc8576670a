"""The interface of evolvable learners of mean-field games: values and masses in, the next policy out.

Only numpy is imported here: this module is loaded inside the sandbox, where nothing else is needed.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]


class MeanFieldLearner:
    """The update rule of one population; every population of a game runs an instance of its own.

    A mean-field game is played by so many like agents that none of them matters: rewards depend on how their
    mass is distributed over states. In iteration ``t = 1, 2, ..., horizon`` everybody plays ``policy``; the
    learner is told what actions are worth at the distribution that results, and returns the next policy. At a
    Nash equilibrium no agent gains by playing another policy than all others. What counts is the policy at
    the end.

    States are places at times, in the order of time; rows of arrays are states and columns actions. Entries
    of actions that a state has not are 0. Override ``update``, and ``start`` to set state up. Arrays that are
    given may be kept and changed.

    Attributes
    ----------
    legal : ndarray, shape (states, actions)
        1.0 for each action that a state has, 0.0 elsewhere; at least one a row.
    horizon : int
        Number of iterations.
    """

    def __init__(self, legal: Array, horizon: int) -> None:
        self.legal = legal
        self.horizon = horizon
        self.start()

    def start(self) -> None:
        """Set up the state, before the first iteration."""

    def update(
        self, t: int, policy: Array, values: Array, best: Array, mass: Array, best_mass: Array
    ) -> Array:
        """Return the next policy: rows that are non-negative and sum to one, shape ``(states, actions)``.

        Parameters
        ----------
        t
            Iteration, from 1.
        policy
            The present policy, shape ``(states, actions)``; uniform in the first iteration.
        values
            What actions are worth to an agent that plays ``policy`` afterwards (Q), at the distribution of
            ``policy``; shape ``(states, actions)``, in units of reward.
        best
            What they are worth to one that responds best afterwards; same shape.
        mass
            Share of the population that passes through each state, shape ``(states, 1)``.
        best_mass
            The same if all its agents played ``self.greedy(best)``, shape ``(states, 1)``.
        """
        raise NotImplementedError(
            "a learner must define update(self, t, policy, values, best, mass, best_mass)"
        )

    def zeros(self) -> Array:
        """Return zeros, shape ``(states, actions)``."""
        return np.zeros(self.legal.shape)

    def uniform(self) -> Array:
        """Return the uniform policy."""
        return np.asarray(self.legal / np.sum(self.legal, axis=1, keepdims=True))

    def softmax(self, x: Array) -> Array:
        """Return the policy that is proportional to ``exp(x)`` in each state."""
        weights = np.where(self.legal > 0.0, x, -np.inf)
        weights = np.exp(weights - np.max(weights, axis=1, keepdims=True))
        return np.asarray(weights / np.sum(weights, axis=1, keepdims=True))

    def greedy(self, x: Array) -> Array:
        """Return the policy that takes the first of the largest entries of ``x`` in each state."""
        policy = self.zeros()
        chosen = np.argmax(np.where(self.legal > 0.0, x, -np.inf), axis=1)
        policy[np.arange(len(policy)), chosen] = 1.0
        return policy

    def normalize(self, x: Array) -> Array:
        """Return the policy proportional to the positive part of ``x``; uniform where nothing is."""
        weights = np.maximum(x, 0.0) * self.legal
        total = np.sum(weights, axis=1, keepdims=True)
        return np.where(total > 0.0, weights / np.where(total > 0.0, total, 1.0), self.uniform())

    def mean(self, x: Array, policy: Array) -> Array:
        """Return the mean of ``x`` in each state under a policy, shape ``(states, 1)``."""
        return np.asarray(np.sum(policy * x, axis=1, keepdims=True))
