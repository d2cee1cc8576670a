"""The CFR engine: alternating updates over the sequence form, with exact exploitability at checkpoints.

In every iteration each player in turn: counterfactual regrets of the policy in play (one sparse product, one
pass up the treeplex), one message to the rule, realisation plan of the next policy (one pass down).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from games.sequence_form import SequenceForm
from solvers.cfr import host
from solvers.profile import Profile, average_profile, check_policy, exploitability, uniform_profile
from solvers.session import Session
from solvers.stopping import Stop
from solvers.tables import tables

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
    """The outcome of a run: the profile that is the answer at the end, and the checkpoints on the way."""

    average: Profile
    checkpoints: tuple[Point, ...]

    @property
    def exploitability(self) -> float:
        """Exploitability of the profile at the end."""
        return self.checkpoints[-1].exploitability


def session_arguments(form: SequenceForm, horizon: int) -> dict[str, Any]:
    """Return what a session needs to serve a rule in a game: ``host``, ``setup``, ``inputs``, ``outputs``."""
    sizes = [treeplex.sequences for treeplex in form.treeplexes]
    return {
        "host": "solvers.cfr.host",
        "setup": {"horizon": horizon, "start": [treeplex.start.tolist() for treeplex in form.treeplexes]},
        "inputs": host.inputs(sizes),
        "outputs": host.outputs(sizes),
    }


def default_checkpoints(iterations: int) -> tuple[int, ...]:
    """Return 1, 2, 5, 10, 20, 50, ... up to and including ``iterations``."""
    steps = {m * 10**e for e in range(len(str(iterations))) for m in (1, 2, 5)}
    return tuple(sorted({step for step in steps if step < iterations} | {iterations}))


class Engine:
    """One rule at work in one game.

    Parameters
    ----------
    form
        The compiled game.
    session
        Serves the rule; made with `session_arguments`.
    """

    def __init__(self, form: SequenceForm, session: Session) -> None:
        self.form = form
        self.iteration = 0
        self._session = session
        self._tables = tables(form)
        self._players = range(form.players)
        self._policies = [policy.copy() for policy in uniform_profile(form)]
        self._plans = np.empty(self._tables.length)
        self._regret = [session.inputs[f"regret{p}"] for p in self._players]
        self._reach = [session.inputs[f"reach{p}"] for p in self._players]
        self._policy_name = [f"policy{p}" for p in self._players]
        self._average_name = [f"average{p}" for p in self._players]
        for p in self._players:
            self._tables.set_plan(p, self._policies[p], self._plans, self._reach[p])

    def step(self, want_average: bool = False) -> None:
        """Do one iteration: update every player once, in turn.

        Raises
        ------
        PolicyError
            If the rule returns something that is not a policy.
        """
        self.iteration += 1
        for p in self._players:
            self._tables.regrets(p, self._plans, self._policies[p], self._regret[p])
            expect = [self._policy_name[p], self._average_name[p]] if want_average else [self._policy_name[p]]
            self._session.call(p, self.iteration, int(want_average), expect=expect)
            policy = self._policies[p]
            policy[:] = self._session.outputs[self._policy_name[p]]
            bad = self._tables.set_plan(p, policy, self._plans, self._reach[p])
            check_policy(self.form, p, policy, bad)

    def average(self) -> Profile:
        """Return the average profile; valid right after a step that wanted it."""
        return average_profile(self.form, [self._session.outputs[name] for name in self._average_name])


def run(
    form: SequenceForm,
    session: Session,
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
    session
        Serves the rule; made with `session_arguments`.
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
    engine = Engine(form, session)
    measured: list[Checkpoint] = []
    seconds = 0.0
    began = time.perf_counter()
    profile: Profile = ()
    for t in range(1, iterations + 1):
        measure = stop.last() or t in wanted
        engine.step(want_average=measure)
        if measure:
            seconds += time.perf_counter() - began
            profile = engine.average()
            measured.append(Checkpoint(t, exploitability(form, profile), seconds))
            if on_checkpoint is not None:
                on_checkpoint(measured[-1])
            if stop.met(measured[-1].exploitability):
                break
            began = time.perf_counter()
    return Trajectory(profile, tuple(measured))


def curve(checkpoints: Sequence[Checkpoint]) -> tuple[Array, Array]:
    """Return iterations and exploitabilities of checkpoints as two arrays."""
    return (
        np.array([point.iteration for point in checkpoints], dtype=np.float64),
        np.array([point.exploitability for point in checkpoints]),
    )
