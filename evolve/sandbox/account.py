"""The account of a program's processes: the time that they may take together, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.evolve.sandbox.limits import Limits, Usage

if TYPE_CHECKING:
    from nashforge.evolve.sandbox.launch import Child
    from nashforge.evolve.sandbox.session import SandboxSession


class Account:
    """The account that all processes of one program share.

    Attributes
    ----------
    wall_seconds : float
        That may still be spent waiting for the program.
    cpu_seconds : float
        That it may still use, as far as known.
    sessions : list of SandboxSession
        With its processes, until they end.
    """

    __slots__ = ("_spare", "cpu_seconds", "sessions", "wall_seconds")

    def __init__(self, limits: Limits) -> None:
        self.wall_seconds = limits.wall_seconds
        self.cpu_seconds = limits.cpu_seconds
        self._spare = limits.wall_seconds - limits.cpu_seconds
        self.sessions: list[SandboxSession] = []

    def excuse(self, seconds: float) -> None:
        """Give time back for which the program had no processor; never so much that it computed in it."""
        self.wall_seconds = min(self.wall_seconds + seconds, self._spare + self.cpu_seconds)


class Excuses:
    """Excuses of a process that does not reply: it has no processor, as others have all of them.

    Parameters
    ----------
    child
        The process.

    Attributes
    ----------
    cpu : float
        Processor time that it had used when it was asked last.
    """

    __slots__ = ("_ahead", "_child", "_delayed", "cpu")

    def __init__(self, child: Child) -> None:
        self._child = child
        self.cpu = self._delayed = self._ahead = 0.0

    def of(self, seconds: float) -> float:
        """Return for how long it had none since this was asked last.

        Parameters
        ----------
        seconds
            For which it did not reply, until now. The system counts a wait for a processor when it is over;
            if one is under way, it is what of these seconds was not computed in.

        Returns
        -------
        float
            Less than 0 where a wait that was believed to be under way turns out to have been none: whoever
            looks busy at each look, and sleeps in between, waits for no processor.
        """
        delayed = max(self._delayed, self._child.delayed_seconds())
        cpu = max(self.cpu, self._child.cpu_seconds() or 0.0)
        counted, ran, waits = delayed - self._delayed, cpu > self.cpu, self._child.wants_processor()
        pending = seconds - (cpu - self.cpu) if waits else 0.0
        self._delayed, self.cpu = delayed, cpu
        # What was excused while a wait was under way is not excused again when it is over.
        new, self._ahead = max(counted - self._ahead, 0.0), max(self._ahead - counted, 0.0)
        taken_back = 0.0
        if ran or not waits:  # all its waits of before are over, and counted
            taken_back, self._ahead = self._ahead, 0.0
        self._ahead += max(pending - new, 0.0)
        return max(new, pending) - taken_back


def total_usage(sessions: Sequence[SandboxSession]) -> Usage:
    """Return what a program used in all its processes; the interpreter, which they share, counts once."""
    used = [session.usage for session in sessions]
    shared = [session.shared_memory for session in sessions]
    return Usage(
        cpu_seconds=sum(one.cpu_seconds for one in used),
        wall_seconds=sum(one.wall_seconds for one in used),
        peak_memory_bytes=sum(one.peak_memory_bytes for one in used) - sum(shared) + max(shared),
        calls=sum(one.calls for one in used),
    )
