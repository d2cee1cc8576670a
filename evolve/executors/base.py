"""The executor protocol: take tasks, return reports. Nothing else differs between executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nashforge.evolve.evaluation.messages import Report, Task


@dataclass(frozen=True)
class Lost:
    """A task without a report, through no fault of the program: a worker died or the machine failed.

    ``final`` says that it was tried often enough.
    """

    token: str
    reason: str
    final: bool = False


@runtime_checkable
class Executor(Protocol):
    """Runs tasks somewhere."""

    @property
    def workers(self) -> int:
        """The number of tasks that run at the same time."""

    def submit(self, task: Task) -> None:
        """Queue a task."""

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Return what has finished since the last call; wait for something, at most ``timeout`` seconds."""

    def close(self) -> None:
        """End all work at once and free everything. Harmless when repeated."""


@runtime_checkable
class Wakeable(Protocol):
    """An executor that can be called away from waiting, to look after something else."""

    def wake(self) -> None:
        """Have `Executor.wait` return at once, or the next time. Called from any thread, at any time."""
