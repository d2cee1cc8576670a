"""The CFR engine: alternating updates over the sequence form, with exact exploitability at checkpoints.

In every iteration each player in turn: counterfactual regrets of the policy in play (one sparse product, one
pass up the treeplex), one message to the rule, which weighs that policy and returns the next, and one pass
down for the average and the next realisation plan. The average is kept here: rules only weigh.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.cfr import host
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.sequence_form.profile import (
    PolicyError,
    Profile,
    average_profile,
    check_policy,
    exploitability,
    uniform_profile,
)
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood after some iterations.

    Attributes
    ----------
    iteration : int
        Iterations done.
    exploitability : float
        Of the average profile, exact, in units of utility.
    seconds : float
        Wall time since the start of the run, without the time spent on measuring.
    """

    iteration: int
    exploitability: float
    seconds: float


Point = TypeVar("Point", bound=Checkpoint)


@dataclass(frozen=True)
class Trajectory(Generic[Point]):
    """The outcome of a run: the profile that is the answer at the end, and the checkpoints on the way.

    Attributes
    ----------
    averaged : bool
        Whether the average holds anything yet. Some rules weigh their first policies with zero: until one
        weighs more, uniform play stands for the average.
    """

    average: Profile
    checkpoints: tuple[Point, ...]
    averaged: bool = True

    @property
    def exploitability(self) -> float:
        """Exploitability of the profile at the end."""
        return self.checkpoints[-1].exploitability


def session_arguments(form: SequenceForm, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a rule in a game, one a player, which is told of itself alone.

    Each is a dictionary of ``host``, ``setup``, ``inputs``, ``outputs``.
    """
    return [
        {
            "host": "nashforge.solvers.cfr.host",
            "setup": {"horizon": horizon, "start": treeplex.start.tolist()},
            "inputs": host.inputs(treeplex.sequences),
            "outputs": host.outputs(treeplex.sequences, len(treeplex.parent)),
        }
        for treeplex in form.treeplexes
    ]


def default_checkpoints(iterations: int) -> tuple[int, ...]:
    """Return 1, 2, 5, 10, 20, 50, ... up to and including ``iterations``."""
    steps = {m * 10**e for e in range(len(str(iterations))) for m in (1, 2, 5)}
    return tuple(sorted({step for step in steps if step < iterations} | {iterations}))


class Engine:
    """One rule at work in one game, each player's instance behind a session of its own.

    Parameters
    ----------
    form
        The compiled game.
    sessions
        Serve the rule, one a player; made with `session_arguments`.
    """

    def __init__(self, form: SequenceForm, sessions: Sequence[Session]) -> None:
        if len(sessions) != form.players:
            raise ValueError(f"{form.name} needs {form.players} sessions, one a player; got {len(sessions)}")
        self.form = form
        self.iteration = 0
        self._sessions = sessions
        table = tables(form)
        self._players = range(form.players)
        self._policies = [policy.copy() for policy in uniform_profile(form)]
        self._averages = [np.zeros_like(policy) for policy in self._policies]
        plans = np.empty(table.length)
        self._updates = []
        for p in self._players:
            policy, average, inputs = self._policies[p], self._averages[p], sessions[p].inputs
            table.set_plan(p, policy, plans, inputs["reach"])
            self._updates.append(table.update(p, plans, policy, inputs["regret"], inputs["reach"], average))

    def step(self) -> None:
        """Do one iteration: update every player once, in turn.

        Raises
        ------
        PolicyError
            If the rule returns something that is not a policy, or weights that make no average.
        """
        self.iteration += 1
        for p in self._players:
            session, update = self._sessions[p], self._updates[p]
            update.regrets()
            session.call(self.iteration)
            outputs = session.outputs
            keep, add = outputs["keep"], outputs["add"]
            bad = update.move(outputs["policy"], keep, add)
            if bad != -1:
                self._refuse(p, bad, keep, add)

    @property
    def averaged(self) -> bool:
        """Whether every player's average holds anything yet; a player who never moves needs none."""
        return all(average.any() for average in self._averages if average.size)

    def average(self) -> Profile:
        """Return the average profile; uniform where it holds nothing yet."""
        return average_profile(self.form, self._averages)

    def _refuse(self, player: int, bad: int, keep: Array, add: Array) -> None:
        if bad < -1:
            i = -2 - bad
            raise PolicyError(
                "weights must be finite and non-negative; those of player "
                f"{player}, information set {i} are keep {keep[i]:g} and add {add[i]:g}"
            )
        check_policy(self.form, player, self._policies[player], bad)


def run(
    form: SequenceForm,
    sessions: Sequence[Session],
    iterations: int,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    stop: Stop | None = None,
) -> Trajectory[Checkpoint]:
    """Run a rule in a game and measure the exploitability of its average profile.

    Parameters
    ----------
    form
        The compiled game.
    sessions
        Serve the rule, one a player; made with `session_arguments`.
    iterations
        Iterations to do, at least 1.
    checkpoints
        Iterations after which to measure; the last iteration is always measured. Default: 1, 2, 5, 10, ...
    on_checkpoint
        Called with every checkpoint; may raise to stop the run.
    stop
        Ends the run early, with what it has.
    """
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1; got {iterations}")
    stop = stop or Stop()
    wanted = set(default_checkpoints(iterations) if checkpoints is None else checkpoints) | {iterations}
    wanted |= stop.looks(iterations)
    engine = Engine(form, sessions)
    measured: list[Checkpoint] = []
    seconds = 0.0
    began = time.perf_counter()
    profile: Profile = ()
    for t in range(1, iterations + 1):
        measure = stop.last() or t in wanted
        engine.step()
        if measure:
            seconds += time.perf_counter() - began
            profile = engine.average()
            measured.append(Checkpoint(t, exploitability(form, profile), seconds))
            if on_checkpoint is not None:
                on_checkpoint(measured[-1])
            if stop.met(measured[-1].exploitability):
                break
            began = time.perf_counter()
    return Trajectory(profile, tuple(measured), engine.averaged)


def curve(checkpoints: Sequence[Checkpoint]) -> tuple[Array, Array]:
    """Return iterations and exploitabilities of checkpoints as two arrays."""
    return (
        np.array([point.iteration for point in checkpoints], dtype=np.float64),
        np.array([point.exploitability for point in checkpoints]),
    )
