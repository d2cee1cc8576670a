"""The account of a program's processes: the time that they may take together, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.evolve.sandbox.limits import Limits, Usage

if TYPE_CHECKING:
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

    __slots__ = ("cpu_seconds", "sessions", "wall_seconds")

    def __init__(self, limits: Limits) -> None:
        self.wall_seconds = limits.wall_seconds
        self.cpu_seconds = limits.cpu_seconds
        self.sessions: list[SandboxSession] = []


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
