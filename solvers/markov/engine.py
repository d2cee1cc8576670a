"""The engine of learners in Markov games: four agents in every state climb their own values, all at once.

Each player and each adversary has an agent in every state, an instance of one learner; all see the same kind
of thing as in a one-shot game (`solvers.learners.interface`): their own strategy in their state and the
gradient of their own payoff. Payoffs are those of the present joint policy, exactly. With
``V_i(s) = x_s Q_i(s) p_s + D(p_s, y_s) / tau - epsilon nu(x_s)`` and ``Q_i = r_i + gamma E V_i(next)``, under
both the player and its adversary, an agent is told the derivative of its stage game in its strategy. By the
policy gradient theorem that is the derivative of its value from any first state, divided by how often its
state is visited. In a game of one state and discount 0 it is the engine of one-shot games.

Source of the 2n-player form: Zhang, Mazumdar (2026), arXiv 2602.12386; their slow critic is exact here, so
that what is judged is the update rule.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from solvers.equilibria.stationary import stationary_gaps
from solvers.learners import host
from solvers.learners.engine import LEAST, TOLERANCE, Learned, Point, StrategyError
from solvers.markov.tasks import MarkovTask
from solvers.risk.regularizers import nu, nu_gradient
from solvers.session import Session

Array = npt.NDArray[np.float64]


def session_arguments(task: MarkovTask, horizon: int) -> dict[str, Any]:
    """Return what a session needs to serve a learner: ``host``, ``setup``, ``inputs``, ``outputs``.

    Agents are player 1 in every state, then player 2, player 1's adversary (over player 2's actions), and
    player 2's.
    """
    agents = [
        [size, int(role >= 2)] for role, size in enumerate(_sizes(task)) for _ in range(task.game.states)
    ]
    sizes = [size for size, _ in agents]
    return {
        "host": "solvers.learners.host",
        "setup": {"horizon": horizon, "agents": agents},
        "inputs": host.inputs(sizes),
        "outputs": host.outputs(sizes),
    }


def joint_values(task: MarkovTask, agents: Sequence[Array], player: int) -> Array:
    """Return a player's value in every state when its adversary plays as it does, shape ``(states,)``."""
    x, y, p = agents[player], agents[1 - player], agents[2 + player]
    rewards, transitions = task.game.oriented(player)
    price = p * np.log(p / y) if task.how.divergence == "kl" else y * np.log(y / p)
    penalty = np.array([nu(task.how.regularizer, row) for row in x])
    earned = np.einsum("sa,sab,sb->s", x, rewards, p)
    earned += price.sum(axis=1) / task.how.tau[player] - task.how.epsilon[player] * penalty
    leads = np.einsum("sa,sabt,sb->st", x, transitions, p, optimize=True)
    return np.asarray(np.linalg.solve(np.eye(task.game.states) - task.discount * leads, earned))


def gradients(task: MarkovTask, agents: Sequence[Array]) -> list[Array]:
    """Return what every agent is told, to be climbed: one array a role, shape ``(states, actions)``."""
    climb, descend = [], []
    for i in range(2):
        x, y, p = agents[i], agents[1 - i], agents[2 + i]
        rewards, transitions = task.game.oriented(i)
        Q = rewards + task.discount * (transitions @ joint_values(task, agents, i))
        climb.append(
            np.einsum("sab,sb->sa", Q, p) - task.how.epsilon[i] * nu_gradient(task.how.regularizer, x)
        )
        price = np.log(p / y) + 1.0 if task.how.divergence == "kl" else -y / p
        descend.append(-(np.einsum("sa,sab->sb", x, Q) + price / task.how.tau[i]))
    return [*climb, *descend]


def learn(task: MarkovTask, session: Session, horizon: int, checkpoints: Iterable[int] = ()) -> Learned:
    """Let learners play for ``horizon`` iterations and measure the players' RQE gap.

    The gap is what both players would gain by best stationary replies, each from the state where it gains
    most. Strategies have the shape ``(states, actions)``.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    states, sizes = task.game.states, _sizes(task)
    ends = states * np.cumsum(sizes)[:-1]
    agents = [np.full((states, size), 1.0 / size) for size in sizes]
    wanted, points, seconds = {*checkpoints, horizon}, [], 0.0
    began = time.perf_counter()
    for t in range(1, horizon + 1):
        session.inputs["strategy"][:] = np.concatenate([agent.ravel() for agent in agents])
        session.inputs["gradient"][:] = np.concatenate([slope.ravel() for slope in gradients(task, agents)])
        session.call(t, expect=["next"])
        given = np.split(session.outputs["next"], ends)
        agents = [
            _strategies(part.reshape(states, size), t, task) for part, size in zip(given, sizes, strict=True)
        ]
        if t in wanted:
            seconds += time.perf_counter() - began
            points.append(Point(t, gap(task, (agents[0], agents[1])), seconds))
            began = time.perf_counter()
    return Learned((agents[0], agents[1]), tuple(points))


def gap(task: MarkovTask, policies: tuple[Array, Array]) -> float:
    """Return the RQE gap of both players, summed, in units of rewards that span 1."""
    return sum(stationary_gaps(task.game, policies, task.how, discount=task.discount))


def _sizes(task: MarkovTask) -> tuple[int, int, int, int]:
    n, m = task.game.actions
    return n, m, m, n


def _strategies(given: Array, t: int, task: MarkovTask) -> Array:
    """Return strategies kept away from the boundary, one a row, if that is what they are."""
    bad = (given.min(axis=1) < -TOLERANCE) | ~(np.abs(given.sum(axis=1) - 1.0) <= TOLERANCE)
    if bad.any():
        s = int(bad.argmax())
        raise StrategyError(
            f"update() must return non-negative numbers that sum to 1; in state {task.game.labels[s]} in "
            f"iteration {t} it returned {np.array2string(given[s], threshold=8)} (sum {given[s].sum():.9g})"
        )
    kept = np.maximum(given, LEAST)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))
