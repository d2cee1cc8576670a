"""Games of risk-averse players of bounded rationality, as learners play them: what all kinds share.

A task is written ``GAME`` or ``GAME | DIVERGENCE REGULARIZER tau=T[,T] epsilon=E[,E]``. Payoffs are scaled
to span 1 and parameters are in that scale: by default ``tau = 25`` and ``epsilon = 0.04``, on the boundary of
the monotone class.

Learners play the 2n-player form of Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 4: player i
climbs ``x . R p - eps nu(x)``, its adversary descends ``x . R p + D(p, y) / tau``, all at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.programs.trajectory import Policies
from nashforge.solvers.risk.regularizers import nu_gradient, regularizer_code

Array = npt.NDArray[np.float64]

TAU, EPSILON = 25.0, 0.04


@dataclass(frozen=True)
class Task(ABC):
    """A scaled game of two players with their risk and rationality.

    Attributes
    ----------
    name : str
        As it was given.
    rationality : Rationality
        Risk and rationality of both players.
    """

    name: str
    rationality: Rationality

    @property
    def gap_name(self) -> str:
        """The name of the distance from equilibrium."""
        return "RQE gap"

    @property
    def tau(self) -> tuple[float, float]:
        """Both players' aversion to risk."""
        return self.rationality.tau

    @property
    def epsilon(self) -> tuple[float, float]:
        """Weights of both players' regularisers."""
        return self.rationality.epsilon

    @property
    def divergence(self) -> str:
        """Price of the adversaries' deviations."""
        return self.rationality.divergence

    @property
    def regularizer(self) -> str:
        """The regularizer of both players."""
        return self.rationality.regularizer

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the states, in each of which every role has an agent; none in a one-shot game."""
        return ()

    def labels_of(self, player: int) -> tuple[str, ...]:
        """Return the labels of a player's states: both have the same."""
        return self.labels

    @property
    def form(self) -> SequenceForm | None:
        """The scaled game; None for a Markov game."""
        return None

    @property
    @abstractmethod
    def actions(self) -> tuple[int, int]:
        """Number of actions of each player."""

    @abstractmethod
    def payoff_gradients(self, agents: Sequence[Array], player: int) -> tuple[Array, Array]:
        """Return the derivative of a player's payoff in its own strategy, and in its adversary's."""

    @abstractmethod
    def gap(self, strategies: Policies) -> float:
        """Return the RQE gap of both players, summed, in units of payoffs that span 1."""

    @abstractmethod
    def play(self, strategies: Policies = ()) -> Any:
        """Return strategies with what measures ask of them; without, what measures ask of the game alone."""


def role_sizes(actions: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return how many actions the four roles choose from.

    Roles are player 1, player 2, the adversary of player 1 (over player 2's actions), and that of player 2.
    """
    n, m = actions
    return n, m, m, n


def gradients(task: Task, agents: Sequence[Array]) -> list[Array]:
    """Return the gradients of all agents' own payoffs, to be climbed: an array a role, actions last."""
    ascend, descend = [], []
    for i in range(2):
        x, y, p = agents[i], agents[1 - i], agents[2 + i]
        own, adversary = task.payoff_gradients(agents, i)
        ascend.append(own - task.epsilon[i] * nu_gradient(task.regularizer, x))
        price = np.log(p / y) + 1.0 if task.divergence == "kl" else -y / p
        descend.append(-(adversary + price / task.tau[i]))
    return [*ascend, *descend]


def parse_options(text: str, most: Mapping[str, int]) -> tuple[str, str, dict[str, tuple[float, float]]]:
    """Return divergence, regulariser, and the numbers that the options of a task give, one a player.

    Parameters
    ----------
    most
        How many numbers each key may have.

    Raises
    ------
    ValueError
        If they are not valid, as far as that is known without the game.
    """
    divergence, regularizer, words = "kl", "barrier", text.split()
    if len(words) >= 2:
        divergence, regularizer, *words = words
    regularizer_code(regularizer)
    values = {}
    for word in words:
        key, _, value = word.partition("=")
        numbers = [float(part) for part in value.split(",")]
        if len(numbers) > most.get(key, 0):
            raise ValueError(f"{key} takes no {len(numbers)} numbers")
        values[key] = (numbers[0], numbers[-1])
    if divergence not in ("kl", "reverse_kl") or not min(values.get("tau", (1.0,))) > 0:
        raise ValueError("the divergence is kl or reverse_kl, and tau positive")
    return divergence, regularizer, values
