"""A tabular Markov game of two players: states, payoffs and transitions as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MarkovGame:
    """A finite Markov game of two players.

    Attributes
    ----------
    name : str
    rewards : ndarray of shape (2, states, n, m)
        Of both players, by state, action of player 1 and action of player 2.
    transitions : ndarray of shape (states, n, m, states)
        Probabilities of the next state.
    initial : ndarray of shape (states,)
        Distribution of the first state.
    labels : tuple of str
        What every state is.
    """

    name: str
    rewards: Array
    transitions: Array
    initial: Array
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        _, states, n, m = self.rewards.shape
        if self.transitions.shape != (states, n, m, states) or self.initial.shape != (states,):
            raise ValueError(
                f"rewards of shape {self.rewards.shape} need transitions of shape {(states, n, m, states)} "
                f"and initial probabilities of shape {(states,)}; got {self.transitions.shape} and "
                f"{self.initial.shape}"
            )
        if not np.allclose(self.transitions.sum(axis=-1), 1.0) or self.transitions.min() < 0:
            raise ValueError("transitions must be non-negative and sum to 1 over the next state")

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.initial)

    @property
    def actions(self) -> tuple[int, int]:
        """Number of actions of each player."""
        return self.rewards.shape[2], self.rewards.shape[3]

    def oriented(self, player: int) -> tuple[Array, Array]:
        """Return a player's rewards and the transitions with its own actions before the other's.

        Returns
        -------
        rewards : ndarray of shape (states, own actions, other's actions)
        transitions : ndarray of shape (states, own actions, other's actions, states)
        """
        if player == 0:
            return self.rewards[0], self.transitions
        return self.rewards[1].transpose(0, 2, 1), self.transitions.transpose(0, 2, 1, 3)

    def scaled(self) -> MarkovGame:
        """Return the game with each player's rewards divided by their range: zero stays zero."""
        widths = np.array([max(float(np.ptp(rewards)), 1e-300) for rewards in self.rewards])
        rewards = self.rewards / widths[:, None, None, None]
        return MarkovGame(self.name, rewards, self.transitions, self.initial, self.labels)

    def disguised(self, rng: np.random.Generator, perturbation: float = 0.0) -> tuple[MarkovGame, bool]:
        """Return the game with states, actions and perhaps players in another order, and other rewards.

        Parameters
        ----------
        perturbation
            Every reward is multiplied by a factor within ``1 - perturbation`` and ``1 + perturbation``; what
            earns nothing still does.

        Returns
        -------
        MarkovGame
        bool
            Whether players were exchanged.
        """
        n, m = self.actions
        states, rows, columns = rng.permutation(self.states), rng.permutation(n), rng.permutation(m)
        factors = 1.0 + perturbation * rng.uniform(-1.0, 1.0, self.rewards.shape)
        rewards = (self.rewards * factors)[:, states][:, :, rows][:, :, :, columns]
        transitions = self.transitions[states][:, rows][:, :, columns][:, :, :, states]
        exchanged = bool(rng.random() < 0.5)
        if exchanged:
            rewards, transitions = rewards[::-1].transpose(0, 1, 3, 2), transitions.transpose(0, 2, 1, 3)
        labels = tuple(self.labels[s] for s in states)
        made = MarkovGame(
            self.name,
            np.ascontiguousarray(rewards),
            np.ascontiguousarray(transitions),
            self.initial[states],
            labels,
        )
        return made, exchanged
