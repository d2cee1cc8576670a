"""The engine of learners of mean-field games: every population is told its values at the distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nashforge.games.meanfield.compiler import compile_mean_field
from nashforge.games.meanfield.model import Floats, MeanFieldGame
from nashforge.solvers.meanfield import host
from nashforge.solvers.meanfield.passes import (
    best_response,
    distribution,
    greedy,
    nash_conv,
    policy_values,
    rewards,
)
from nashforge.solvers.meanfield.play import MeanFieldTask
from nashforge.solvers.meanfield.rules import LIBRARY
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.trajectory import Checkpoint, Policies
from nashforge.solvers.sequence_form.profile import PolicyError

TOLERANCE = 1e-6
"""How far probabilities of a state may be below zero, and their sum from one."""


def session_arguments(task: MeanFieldTask, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a learner, one a population, which is told of itself alone.

    Each is a dictionary of ``host``, ``setup``, ``inputs``, ``outputs``.
    """
    found = []
    for states in task.game.states_of:
        legal = task.game.legal[states]
        size, actions = legal.shape
        illegal = np.argwhere(~legal).tolist()
        setup = {"horizon": horizon, "states": size, "actions": actions, "illegal": illegal}
        arrays = {"inputs": host.inputs(size, actions), "outputs": host.outputs(size, actions)}
        found.append({"host": "nashforge.solvers.meanfield.host", "setup": setup, **arrays})
    return found


class Engine:
    """One learner at work in one game, each population's instance behind a session of its own.

    Parameters
    ----------
    task
        What is played.
    sessions
        Serve the learner, one a population; made with `session_arguments`.

    Attributes
    ----------
    present : ndarray, shape (states, actions)
        The policy in play.
    """

    averaged = True

    def __init__(self, task: MeanFieldTask, sessions: Sequence[Session]) -> None:
        self.game: MeanFieldGame = task.game
        self.task = task
        self.iteration = 0
        self.present: Floats = self.game.uniform()
        self._sessions = sessions

    def step(self) -> None:
        """Let every population move once.

        Raises
        ------
        PolicyError
            If a learner returns something that is no policy.
        """
        self.iteration += 1
        game, nodes = self.game, self.game.nodes_of_states
        mass = distribution(game, self.present)
        reward = rewards(game, mass)
        best = best_response(game, reward)
        told = {
            "policy": self.present,
            "values": np.where(game.legal, policy_values(game, self.present, reward).action, 0.0),
            "best": np.where(game.legal, best.action, 0.0),
            "mass": mass[nodes][:, None],
            "best_mass": distribution(game, greedy(best))[nodes][:, None],
        }
        moved = np.empty_like(self.present)
        for session, states in zip(self._sessions, game.states_of, strict=True):
            for name, array in told.items():
                session.inputs[name][...] = array[states]
            session.call(self.iteration)
            moved[states] = session.outputs["next"]
        self.present = self._checked(moved)

    def policy(self) -> Policies:
        """Return the present policy of each population, shape ``(states, actions)``."""
        return tuple(self.present[states] for states in self.game.states_of)

    def checkpoint(self, seconds: float) -> Checkpoint:
        """Measure NashConv."""
        return Checkpoint(self.iteration, nash_conv(self.game, self.present), seconds)

    def _checked(self, given: Floats) -> Floats:
        """Return the policy as it was given but for rounding, if it is one."""
        legal = self.game.legal
        sums = np.where(legal, given, 0.0).sum(axis=1)
        bad = (given.min(axis=1) < -TOLERANCE) | ~(np.abs(sums - 1.0) <= TOLERANCE)
        bad |= (np.where(legal, 0.0, given) > TOLERANCE).any(axis=1)
        if bad.any():
            state = int(bad.argmax())
            raise PolicyError(
                "update() must return non-negative numbers that sum to 1 over the actions of each state; in "
                f"state {self.game.labels[state]} in iteration {self.iteration} it returned "
                f"{np.array2string(given[state], threshold=8)} (sum {given[state].sum():.9g})"
            )
        kept = np.maximum(given, 0.0) * legal
        return np.asarray(kept / kept.sum(axis=1, keepdims=True))


MFG = ProgramKind(
    name="mfg",
    package="nashforge.solvers.meanfield",
    library=LIBRARY,
    default="tuned_omd",
    iterations=100,
    arguments=session_arguments,
    engine=lambda task, sessions, iterations: Engine(task, sessions),
    read=lambda game, max_nodes: read_task(game, max_nodes),
)
"""Learners of mean-field games."""


def read_task(game: Any, max_nodes: int | None = None) -> MeanFieldTask:
    """Return what learners play: a game string, a ``pyspiel.Game`` or a compiled game; a task as it is.

    Raises
    ------
    nashforge.games.GameError
        If it is no mean-field game that can be compiled.
    """
    if isinstance(game, MeanFieldTask):
        return game
    if isinstance(game, MeanFieldGame):
        return MeanFieldTask(game.name, game)
    compiled = compile_mean_field(game, max_nodes)
    return MeanFieldTask(compiled.name, compiled)
