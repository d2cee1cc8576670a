"""The loop of learners: agents climb the gradients that they are told, all at once, in games of any kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solvers.learners import host
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


def sizes_of(actions: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return how many actions the four roles choose from.

    Roles are player 1, player 2, the adversary of player 1 (over player 2's actions), and that of player 2.
    """
    n, m = actions
    return n, m, m, n


def session_of_agents(actions: tuple[int, int], horizon: int, *, states: int = 1) -> dict[str, Any]:
    """Return what a session needs to serve a learner: ``host``, ``setup``, ``inputs``, ``outputs``.

    There is an agent for every role in every state, by role, then by state.
    """
    agents = [[size, int(role >= 2)] for role, size in enumerate(sizes_of(actions)) for _ in range(states)]
    sizes = [size for size, _ in agents]
    return {
        "host": "solvers.learners.host",
        "setup": {"horizon": horizon, "agents": agents},
        "inputs": host.inputs(sizes),
        "outputs": host.outputs(sizes),
    }


def climb(
    session: Session,
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
    ends = np.cumsum([agent.size for agent in agents])[:-1]
    wanted, points, seconds = {*checkpoints, horizon}, [], 0.0
    began = time.perf_counter()
    for t in range(1, horizon + 1):
        session.inputs["strategy"][:] = _flat(agents)
        session.inputs["gradient"][:] = _flat(gradients(agents))
        session.call(t, expect=["next"])
        given = np.split(session.outputs["next"], ends)
        agents = [
            _strategies(part.reshape(agent.shape), t, place)
            for part, agent in zip(given, agents, strict=True)
        ]
        if t in wanted:
            seconds += time.perf_counter() - began
            points.append(Point(t, gap((agents[0], agents[1])), seconds))
            began = time.perf_counter()
    return Learned((agents[0], agents[1]), tuple(points))


def _flat(arrays: Sequence[Array]) -> Array:
    return np.concatenate([array.ravel() for array in arrays])


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
