"""The engine of learners: four agents climb their own payoffs, and the players' RQE gap is measured.

The 2n-player form of Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 4: player i climbs
``x . R p - eps nu(x)``, its adversary descends ``x . R p + D(p, y) / tau``, all at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solvers.learners import host
from solvers.learners.tasks import LearningTask
from solvers.metrics.gaps import matrix_gaps
from solvers.risk.regularizers import nu_gradient
from solvers.session import Session

Array = npt.NDArray[np.float64]

LEAST = 1e-9
"""Probabilities are kept at or above this: gradients of logarithms are infinite at the boundary."""
TOLERANCE = 1e-6


class StrategyError(ValueError):
    """A learner returned something that is not a mixed strategy."""


@dataclass(frozen=True)
class Point:
    """Where the players stood after some iterations: iteration, RQE gap, wall time without measuring."""

    iteration: int
    gap: float
    seconds: float


@dataclass(frozen=True)
class Learned:
    """The outcome: both players' last strategies, and the gap on the way."""

    strategies: tuple[Array, Array]
    points: tuple[Point, ...]


def session_arguments(task: LearningTask, horizon: int) -> dict[str, Any]:
    """Return what a session needs to serve a learner: ``host``, ``setup``, ``inputs``, ``outputs``.

    Agents are player 1, player 2, the adversary of player 1 (over player 2's actions), that of player 2.
    """
    n, m = task.problem.shape
    sizes = (n, m, m, n)
    agents = [[size, adversary] for size, adversary in zip(sizes, (0, 0, 1, 1), strict=True)]
    return {
        "host": "solvers.learners.host",
        "setup": {"horizon": horizon, "agents": agents},
        "inputs": host.inputs(sizes),
        "outputs": host.outputs(sizes),
    }


def gradients(task: LearningTask, agents: list[Array]) -> Array:
    """Return the gradients of all agents' own payoffs, to be climbed, one after the other."""
    players, adversaries = agents[:2], agents[2:]
    climb, descend = [], []
    for i, payoff in enumerate(task.payoffs):
        x, y, p = players[i], players[1 - i], adversaries[i]
        climb.append(payoff @ p - task.epsilon[i] * nu_gradient(task.regularizer, x))
        price = np.log(p / y) + 1.0 if task.divergence == "kl" else -y / p
        descend.append(-(x @ payoff + price / task.tau[i]))
    return np.concatenate([*climb, *descend])


def learn(task: LearningTask, session: Session, horizon: int, checkpoints: Iterable[int] = ()) -> Learned:
    """Let learners play for ``horizon`` iterations and measure the players' RQE gap.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    n, m = task.problem.shape
    ends = np.cumsum([n, m, m, n])
    agents = [np.full(size, 1.0 / size) for size in (n, m, m, n)]
    wanted, points, seconds = {*checkpoints, horizon}, [], 0.0
    began = time.perf_counter()
    for t in range(1, horizon + 1):
        session.inputs["strategy"][:] = np.concatenate(agents)
        session.inputs["gradient"][:] = gradients(task, agents)
        session.call(t, expect=["next"])
        agents = [_strategy(given, t) for given in np.split(session.outputs["next"], ends[:-1])]
        if t in wanted:
            seconds += time.perf_counter() - began
            points.append(Point(t, gap(task, agents[:2]), seconds))
            began = time.perf_counter()
    return Learned((agents[0], agents[1]), tuple(points))


def gap(task: LearningTask, strategies: list[Array]) -> float:
    """Return the RQE gap of both players, summed, in units of payoffs that span 1."""
    return sum(
        matrix_gaps(
            task.payoffs,
            strategies,
            tau=task.tau,
            epsilon=task.epsilon,
            divergence=task.divergence,
            regularizer=task.regularizer,
        )
    )


def _strategy(given: Array, t: int) -> Array:
    if not (given.min() >= -TOLERANCE and abs(given.sum() - 1.0) <= TOLERANCE):
        raise StrategyError(
            f"update() must return non-negative numbers that sum to 1; in iteration {t} it returned "
            f"{np.array2string(given, threshold=8)} (sum {float(given.sum()):.9g})"
        )
    kept = np.maximum(given, LEAST)
    return np.asarray(kept / kept.sum())
