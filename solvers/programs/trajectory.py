"""The run of an engine: iterations, what is measured on the way, and what stands at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from nashforge.solvers.programs.arguments import ArgumentError, count, counts
from nashforge.solvers.programs.stopping import Reason, Stop

Policies = tuple[npt.NDArray[np.float64], ...]
"""One policy a player; for a sequence form a behaviour policy of shape ``(sequences,)``."""


@dataclass(frozen=True)
class Checkpoint:
    """A measurement of a run after some iterations.

    Attributes
    ----------
    iteration : int
        Iterations done.
    gap : float
        Distance of the policies from equilibrium, exact: exploitability in units of utility for CFR and PSRO,
        the RQE gap for learners.
    seconds : float
        Wall time since the start of the run, without the time spent on measuring.
    last_iterate : float or None
        The same distance of the policies in play, where the answer is an average of those that were played:
        of the current policy of CFR. None elsewhere.
    """

    iteration: int
    gap: float
    seconds: float
    last_iterate: float | None = field(default=None, kw_only=True)


Point = TypeVar("Point", bound=Checkpoint)
Reached = TypeVar("Reached", bound=Checkpoint, covariant=True)


@dataclass(frozen=True)
class Trajectory(Generic[Point]):
    """The outcome of a run.

    Attributes
    ----------
    policy : tuple of ndarray
        The answer at the end, one policy a player.
    curve : tuple of Checkpoint
        What was measured on the way; the last entry is of ``policy``.
    stopped : str or None
        What ended it before its last iteration: ``target``, ``time`` or ``interrupted``.
    averaged : bool
        Whether the average of a CFR rule holds anything yet. Some rules weigh their first policies with zero:
        until one weighs more, uniform play stands for the average.
    """

    policy: Policies
    curve: tuple[Point, ...]
    stopped: Reason | None = None
    averaged: bool = True

    @property
    def gap(self) -> float:
        """Distance of the policies at the end from equilibrium, see `Checkpoint`."""
        return self.curve[-1].gap

    @property
    def iterations(self) -> int:
        """Iterations made."""
        return self.curve[-1].iteration


class Engine(Protocol[Reached]):
    """One program at work in one game."""

    @property
    def averaged(self) -> bool:
        """See `Trajectory`."""

    def step(self) -> None:
        """Do one iteration."""

    def checkpoint(self, seconds: float) -> Reached:
        """Measure where it stands, after so many seconds of iterations."""

    def policy(self) -> Policies:
        """Return the present answer."""


def default_checkpoints(iterations: int) -> tuple[int, ...]:
    """Return 1, 2, 5, 10, 20, 50, ... up to and including ``iterations``."""
    steps = {m * 10**e for e in range(len(str(iterations))) for m in (1, 2, 5)}
    return tuple(sorted({step for step in steps if step < iterations} | {iterations}))


class Watch:
    """Seconds of an engine's iterations, over as many runs and single steps as it makes.

    Attributes
    ----------
    seconds : float
        Counted so far, up to the last `stop`.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = time.perf_counter()

    def start(self) -> None:
        """Count from now on."""
        self._began = time.perf_counter()

    def stop(self) -> float:
        """Stand still, and return the seconds."""
        self.seconds += time.perf_counter() - self._began
        return self.seconds


def run(
    engine: Engine[Point],
    iterations: int,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[Point], None] | None = None,
    stop: Stop | None = None,
    watch: Watch | None = None,
) -> Trajectory[Point]:
    """Run an engine and measure how far from equilibrium it is.

    Parameters
    ----------
    iterations
        Iterations to do, at least 1.
    checkpoints
        Iterations after which to measure; the last is always measured. Default: 1, 2, 5, 10, ...
    on_checkpoint
        Called with every checkpoint; may raise to stop the run.
    stop
        Ends the run early, with what it has.
    watch
        Has the seconds that the engine took before, which checkpoints tell, too. Default: it took none.

    Raises
    ------
    ArgumentError
        If the iterations or checkpoints are no whole numbers of at least 1, or what is to be called with
        checkpoints cannot be called.
    """
    iterations, stop = count("iterations", iterations), stop or Stop()
    asked = default_checkpoints(iterations) if checkpoints is None else counts("checkpoints", checkpoints)
    if on_checkpoint is not None and not callable(on_checkpoint):
        raise ArgumentError(f"on_checkpoint is a function of a checkpoint; got {on_checkpoint!r}")
    wanted = {*asked, iterations}
    wanted |= stop.looks(iterations)
    curve: list[Point] = []
    watch = watch or Watch()
    watch.start()
    for t in range(1, iterations + 1):
        measure = stop.last() or t in wanted
        engine.step()
        if measure:
            curve.append(engine.checkpoint(watch.stop()))
            if on_checkpoint is not None:
                on_checkpoint(curve[-1])
            if stop.met(curve[-1].gap):
                break
            watch.start()
    return Trajectory(engine.policy(), tuple(curve), stop.reason, engine.averaged)
