"""The engine of learners in Markov games: four agents in every state climb their own values, all at once.

Each player and each adversary has an agent in every state, an instance of one learner; all see the same kind
of thing as in a one-shot game (`nashforge.solvers.learners.interface`): their own strategy in their state and
the gradient of their own payoff. Payoffs are those of the present joint policy, exactly. With
``V_i(s) = x_s Q_i(s) p_s + D(p_s, y_s) / tau - epsilon nu(x_s)`` and ``Q_i = r_i + gamma E V_i(next)``, under
both the player and its adversary, an agent is told the derivative of its stage game in its strategy. By the
policy gradient theorem that is the derivative of its value from any first state, divided by how often its
state is visited. In a game of one state and discount 0 it is the engine of one-shot games.

Source of the 2n-player form: Zhang, Mazumdar (2026), arXiv 2602.12386; their slow critic is exact here, so
that what is judged is the update rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.stationary import stationary_gaps
from nashforge.solvers.learners.engine_loop import Learned, climb, sessions_of_roles, sizes_of
from nashforge.solvers.learners.markov.tasks import MarkovTask
from nashforge.solvers.programs.session import Session
from nashforge.solvers.risk.regularizers import nu, nu_gradient

Array = npt.NDArray[np.float64]


def session_arguments(task: MarkovTask, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner: ``host``, ``setup``, ``inputs``, ``outputs`` of each.

    There is a session for player 1, then player 2, then player 1's adversary (over player 2's actions), then
    player 2's, each with an agent in every state.
    """
    return sessions_of_roles(task.game.actions, horizon, states=task.game.states)


def joint_values(task: MarkovTask, agents: Sequence[Array], player: int) -> Array:
    """Return a player's value in every state when its adversary plays as it does, shape ``(states,)``."""
    x, y, p = agents[player], agents[1 - player], agents[2 + player]
    rewards, transitions = task.game.oriented(player)
    price = p * np.log(p / y) if task.rationality.divergence == "kl" else y * np.log(y / p)
    penalty = np.array([nu(task.rationality.regularizer, row) for row in x])
    earned = np.einsum("sa,sab,sb->s", x, rewards, p)
    earned += price.sum(axis=1) / task.rationality.tau[player] - task.rationality.epsilon[player] * penalty
    leads = np.einsum("sa,sabt,sb->st", x, transitions, p, optimize=True)
    return np.asarray(np.linalg.solve(np.eye(task.game.states) - task.discount * leads, earned))


def gradients(task: MarkovTask, agents: Sequence[Array]) -> list[Array]:
    """Return what every agent is told, to be climbed: one array a role, shape ``(states, actions)``."""
    ascend, descend = [], []
    for i in range(2):
        x, y, p = agents[i], agents[1 - i], agents[2 + i]
        rewards, transitions = task.game.oriented(i)
        Q = rewards + task.discount * (transitions @ joint_values(task, agents, i))
        ascend.append(
            np.einsum("sab,sb->sa", Q, p)
            - task.rationality.epsilon[i] * nu_gradient(task.rationality.regularizer, x)
        )
        price = np.log(p / y) + 1.0 if task.rationality.divergence == "kl" else -y / p
        descend.append(-(np.einsum("sa,sab->sb", x, Q) + price / task.rationality.tau[i]))
    return [*ascend, *descend]


def learn(
    task: MarkovTask, sessions: Sequence[Session], horizon: int, checkpoints: Iterable[int] = ()
) -> Learned:
    """Let learners play for ``horizon`` iterations and measure the players' RQE gap.

    The gap is what both players would gain by best stationary replies, each from the state where it gains
    most. Strategies have the shape ``(states, actions)``.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    return climb(
        sessions,
        horizon,
        checkpoints,
        [np.full((task.game.states, size), 1.0 / size) for size in sizes_of(task.game.actions)],
        lambda agents: gradients(task, agents),
        lambda policies: gap(task, policies),
        lambda state: f"in state {task.game.labels[state]} ",
    )


def gap(task: MarkovTask, policies: tuple[Array, Array]) -> float:
    """Return the RQE gap of both players, summed, in units of rewards that span 1."""
    return sum(stationary_gaps(task.game, policies, task.rationality, discount=task.discount))
