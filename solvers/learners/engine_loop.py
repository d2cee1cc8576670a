"""The loop of learners: agents climb the gradients that they are told, all at once, in games of any kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.errors import NashforgeError
from nashforge.solvers.learners import host
from nashforge.solvers.programs.session import Session

Array = npt.NDArray[np.float64]

LEAST = 1e-9
"""Probabilities are kept at or above this: gradients of logarithms are infinite at the boundary."""
TOLERANCE = 1e-6


class StrategyError(NashforgeError, ValueError):
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


def sizes_of(actions: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return how many actions the four roles choose from.

    Roles are player 1, player 2, the adversary of player 1 (over player 2's actions), and that of player 2.
    """
    n, m = actions
    return n, m, m, n


def sessions_of_roles(actions: tuple[int, int], horizon: int, *, states: int = 1) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner, one a role, which is told of itself alone.

    Each is a dictionary of ``host``, ``setup``, ``inputs``, ``outputs``. A role has an agent in every state.
    """
    return [
        {
            "host": "nashforge.solvers.learners.host",
            "setup": {"horizon": horizon, "agents": [[size, int(role >= 2)]] * states},
            "inputs": host.inputs([size] * states),
            "outputs": host.outputs([size] * states),
        }
        for role, size in enumerate(sizes_of(actions))
    ]


def climb(
    sessions: Sequence[Session],
    horizon: int,
    checkpoints: Iterable[int],
    agents: Sequence[Array],
    gradients: Callable[[Sequence[Array]], Sequence[Array]],
    gap: Callable[[tuple[Array, Array]], float],
    place: Callable[[int], str] = lambda row: "",
) -> Learned:
    """Let learners play for ``horizon`` iterations and measure the players' RQE gap.

    Parameters
    ----------
    sessions
        Serve the learner, one a role; made with `sessions_of_roles`.
    agents
        First strategies, one array a role, with actions on the last axis.
    gradients
        Of all agents' own payoffs, to be climbed, in the form of ``agents``.
    gap
        Of the players' strategies.
    place
        Says of an agent, by its number within its role, where it plays, for messages.

    Raises
    ------
    StrategyError
        If a learner returns something that is not a mixed strategy.
    """
    wanted, points, seconds = {*checkpoints, horizon}, [], 0.0
    began = time.perf_counter()
    for t in range(1, horizon + 1):
        told = gradients(agents)
        moved = []
        for session, agent, gradient in zip(sessions, agents, told, strict=True):
            session.inputs["strategy"][:] = agent.ravel()
            session.inputs["gradient"][:] = gradient.ravel()
            session.call(t)
            moved.append(_strategies(session.outputs["next"].reshape(agent.shape), t, place))
        agents = moved
        if t in wanted:
            seconds += time.perf_counter() - began
            points.append(Point(t, gap((agents[0], agents[1])), seconds))
            began = time.perf_counter()
    return Learned((agents[0], agents[1]), tuple(points))


def _strategies(given: Array, t: int, place: Callable[[int], str]) -> Array:
    """Return strategies kept away from the boundary, if strategies are what was given."""
    bad = np.atleast_1d((given.min(axis=-1) < -TOLERANCE) | ~(np.abs(given.sum(axis=-1) - 1.0) <= TOLERANCE))
    if bad.any():
        row = int(bad.argmax())
        wrong = np.atleast_2d(given)[row]
        raise StrategyError(
            f"update() must return non-negative numbers that sum to 1; {place(row)}in iteration {t} it "
            f"returned {np.array2string(wrong, threshold=8)} (sum {wrong.sum():.9g})"
        )
    kept = np.maximum(given, LEAST)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))
