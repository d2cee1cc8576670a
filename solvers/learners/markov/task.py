"""Learning tasks in Markov games: agents in every state climb their own values, all at once.

Tasks are written as in `nashforge.solvers.learners.task`, with ``discount=G`` among the parameters, by
default 0.8; each player's rewards are divided by their range.

Each player and each adversary has an agent in every state, an instance of one learner; all see the same kind
of thing as in a one-shot game (`nashforge.solvers.learners.interface`): their own strategy in their state and
the gradient of their own payoff. Payoffs are those of the present joint policy, exactly. With
``V_i(s) = x_s Q_i(s) p_s + D(p_s, y_s) / tau - epsilon nu(x_s)`` and ``Q_i = r_i + gamma E V_i(next)``, under
both the player and its adversary, an agent is told the derivative of its stage game in its strategy. By the
policy gradient theorem that is the derivative of its value from any first state, divided by how often its
state is visited. In a game of one state and discount 0 it is the one-shot game.

Source of the 2n-player form: Zhang, Mazumdar (2026), arXiv 2602.12386; their slow critic is exact here, so
that what is judged is the update rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError
from nashforge.games.markov.model import MarkovGame
from nashforge.games.markov.reading import is_markov, markov_game
from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.equilibria.stationary import check_discount, stationary_gaps
from nashforge.solvers.learners.markov.play import MarkovPlay
from nashforge.solvers.learners.task import EPSILON, TAU, Task, parse_options
from nashforge.solvers.programs.trajectory import Policies
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import nu

Array = npt.NDArray[np.float64]

DISCOUNT = 0.8


@dataclass(frozen=True)
class MarkovTask(Task):
    """A scaled Markov game with its parameters; strategies have the shape ``(states, actions)``.

    Attributes
    ----------
    game : MarkovGame
        Rewards have a range of 1 for each player.
    discount : float
        Factor of future rewards.
    """

    game: MarkovGame
    discount: float

    @property
    def actions(self) -> tuple[int, int]:
        """Number of actions of each player."""
        return self.game.actions

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the states."""
        return self.game.labels

    def joint_values(self, agents: Sequence[Array], player: int) -> Array:
        """Return a player's value in every state when its adversary plays as it does, shape ``(states,)``."""
        x, y, p = agents[player], agents[1 - player], agents[2 + player]
        rewards, transitions = self.game.oriented(player)
        price = p * np.log(p / y) if self.divergence == "kl" else y * np.log(y / p)
        penalty = np.array([nu(self.regularizer, row) for row in x])
        earned = np.einsum("sa,sab,sb->s", x, rewards, p)
        earned += price.sum(axis=1) / self.tau[player] - self.epsilon[player] * penalty
        leads = np.einsum("sa,sabt,sb->st", x, transitions, p, optimize=True)
        return np.asarray(np.linalg.solve(np.eye(self.game.states) - self.discount * leads, earned))

    def payoff_gradients(self, agents: Sequence[Array], player: int) -> tuple[Array, Array]:
        """Return the derivative of a player's stage payoff in its own strategy, and in its adversary's."""
        rewards, transitions = self.game.oriented(player)
        Q = rewards + self.discount * (transitions @ self.joint_values(agents, player))
        return np.einsum("sab,sb->sa", Q, agents[2 + player]), np.einsum("sa,sab->sb", agents[player], Q)

    def gap(self, strategies: Policies) -> float:
        """Return the RQE gap of both players, summed, in units of rewards that span 1.

        It is what both would gain by best stationary replies, each from the state where it gains most.
        """
        first, second = strategies
        return sum(stationary_gaps(self.game, (first, second), self.rationality, discount=self.discount))

    def play(self, strategies: Policies = ()) -> MarkovPlay:
        """Return policies in this game with what measures ask of them."""
        return MarkovPlay(self.name, self.game, self.discount, tuple(strategies), self.rationality)


def is_markov_task(text: str) -> bool:
    """Whether a string names a task in a Markov game, well formed or not."""
    return is_markov(text.partition("|")[0])


def markov_task(text: str, seed: int | None = None, perturbation: float = 0.0) -> MarkovTask:
    """Return the task that a string names.

    Parameters
    ----------
    text
        See the module; with a game as `nashforge.games.markov.markov_game` reads it.
    seed
        If given, a disguise: states, actions and perhaps players in another order, rewards perturbed.
    perturbation
        By how much every reward changes at most, as a share of it.

    Raises
    ------
    nashforge.games.GameError
        If the string names no game, or has parameters that are not valid.
    """
    game_text, _, options = text.partition("|")
    game = markov_game(game_text)
    try:
        divergence, regularizer, given = parse_options(options, {"tau": 2, "epsilon": 2, "discount": 1})
        tau, epsilon = given.get("tau", (TAU, TAU)), given.get("epsilon", (EPSILON, EPSILON))
        discount = given.get("discount", (DISCOUNT,))[0]
        check_discount(discount)
        Risk(max(tau), divergence)
        if not 0 < min(epsilon) < np.inf:
            raise ValueError("epsilon must be positive and finite")
    except (ValueError, RiskError) as error:
        raise GameStringError(
            f"{text!r} is not a learning task; write a Markov game, or one with parameters such as "
            "'cliff_walk(4x3) | reverse_kl entropy tau=5,10 epsilon=0.2 discount=0.8' (kl or reverse_kl, "
            "barrier or entropy)"
        ) from error
    if seed is not None:
        game, exchanged = game.disguised(np.random.default_rng(seed), perturbation)
        if exchanged:
            tau, epsilon = tau[::-1], epsilon[::-1]
    return MarkovTask(text, Rationality(tau, epsilon, divergence, regularizer), game.scaled(), discount)
