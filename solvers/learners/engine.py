"""The engine of learners: agents climb the gradients that they are told, all at once, in any task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.inputs import GameLike
from nashforge.solvers.learners import host
from nashforge.solvers.learners.markov.task import is_markov_task, markov_task
from nashforge.solvers.learners.one_shot import one_shot_task
from nashforge.solvers.learners.rules import LIBRARY
from nashforge.solvers.learners.task import Task, gradients, role_sizes
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.trajectory import Checkpoint, Policies
from nashforge.solvers.sequence_form.profile import PolicyError

Array = npt.NDArray[np.float64]

LEAST = 1e-9
"""Probabilities are kept at or above this: gradients of logarithms are infinite at the boundary."""
TOLERANCE = 1e-6


def learning_task(game: GameLike, seed: int | None = None, perturbation: float = 0.0) -> Task:
    """Return the task that was given, in a matrix or a Markov game.

    Parameters
    ----------
    game
        A task as `nashforge.solvers.learners.task` reads it; or a one-shot game of another form.
    seed, perturbation
        Of a disguise, see `one_shot_task` and `markov_task`.

    Raises
    ------
    nashforge.games.GameError
        If it is no such game, or has parameters that are not valid.
    """
    if isinstance(game, str) and is_markov_task(game):
        return markov_task(game, seed, perturbation)
    return one_shot_task(game, seed, perturbation)


def session_arguments(task: Task, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner, one a role, which is told of itself alone.

    Each is a dictionary of ``host``, ``setup``, ``inputs``, ``outputs``. A role has an agent in every state.
    Roles are player 1, player 2, the adversary of player 1, and that of player 2.
    """
    states = len(task.labels) or 1
    return [
        {
            "host": "nashforge.solvers.learners.host",
            "setup": {"horizon": horizon, "agents": [[size, int(role >= 2)]] * states},
            "inputs": host.inputs([size] * states),
            "outputs": host.outputs([size] * states),
        }
        for role, size in enumerate(role_sizes(task.actions))
    ]


class Engine:
    """One learner at work in one game, each role's instances behind a session of their own.

    Parameters
    ----------
    task
        What is played.
    sessions
        Serve the learner, one a role; made with `session_arguments`.

    Attributes
    ----------
    agents : list of ndarray
        Present strategies, one array a role, with actions on the last axis.
    """

    averaged = True

    def __init__(self, task: Task, sessions: Sequence[Session]) -> None:
        self.task = task
        self.iteration = 0
        shape = (len(task.labels),) if task.labels else ()
        self.agents: list[Array] = [np.full((*shape, size), 1.0 / size) for size in role_sizes(task.actions)]
        self._sessions = sessions

    def step(self) -> None:
        """Let every agent move once.

        Raises
        ------
        PolicyError
            If a learner returns something that is not a mixed strategy.
        """
        self.iteration += 1
        told = gradients(self.task, self.agents)
        moved = []
        for session, agent, gradient in zip(self._sessions, self.agents, told, strict=True):
            session.inputs["strategy"][:] = agent.ravel()
            session.inputs["gradient"][:] = gradient.ravel()
            session.call(self.iteration)
            moved.append(self._checked(session.outputs["next"].reshape(agent.shape)))
        self.agents = moved

    def policy(self) -> Policies:
        """Return both players' present strategies."""
        return self.agents[0], self.agents[1]

    def checkpoint(self, seconds: float) -> Checkpoint:
        """Measure the players' RQE gap."""
        return Checkpoint(self.iteration, self.task.gap(self.policy()), seconds)

    def _checked(self, given: Array) -> Array:
        """Return strategies kept away from the boundary, if strategies are what was given."""
        sums = given.sum(axis=-1)
        bad = np.atleast_1d((given.min(axis=-1) < -TOLERANCE) | ~(np.abs(sums - 1.0) <= TOLERANCE))
        if bad.any():
            row = int(bad.argmax())
            wrong = np.atleast_2d(given)[row]
            state = f"in state {self.task.labels[row]} " if self.task.labels else ""
            raise PolicyError(
                f"update() must return non-negative numbers that sum to 1; {state}in iteration "
                f"{self.iteration} it returned {np.array2string(wrong, threshold=8)} (sum {wrong.sum():.9g})"
            )
        kept = np.maximum(given, LEAST)
        return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


RQE = ProgramKind(
    name="rqe",
    package="nashforge.solvers.learners",
    library=LIBRARY,
    default="mirror_descent",
    iterations=100,
    arguments=session_arguments,
    engine=lambda task, sessions, iterations: Engine(task, sessions),
    read=lambda game, max_nodes: learning_task(game),
)
"""Learners of risk-averse equilibria."""
