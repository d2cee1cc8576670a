"""Ownership of a run by the process that works on it: its claim, its signs of life, pauses, and its time."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable

from nashforge.archive import Archive, Run, RunState
from nashforge.evolve.executors.dispatcher import SearchError
from nashforge.evolve.search.worked import Clock

HEARTBEAT_SECONDS = 5.0
LOOK_SECONDS = 0.5
"""So often a run that is paused looks whether it may go on."""

STALE_SECONDS = 60.0
"""A run whose owner was not heard of for so long may be taken over."""


class Ownership:
    """Ownership of a run by a process; nobody else works on it meanwhile.

    Parameters
    ----------
    archive, run
        The run that is to be worked on.
    """

    def __init__(self, archive: Archive, run: Run) -> None:
        self._archive, self._run = archive, run
        self._owner = f"{platform.node()}:{os.getpid()}"
        self.clock = Clock(archive, run)
        self._beat = time.monotonic()

    def claim(self) -> None:
        """Take the run, at once if its owner was on this machine and is gone."""
        stale = 0.0 if owner_is_dead(self._run.owner) else STALE_SECONDS
        self._archive.runs.claim(self._run, self._owner, stale_after=stale)

    def release(self, state: RunState, reason: str) -> None:
        """Give the run up; a process that has lost it says nothing about it."""
        self.clock.stop()
        self._archive.runs.set_state(self._run, state, reason, owner=self._owner)

    def show_life(self) -> None:
        """Show a sign of life, and store how long the run was worked on.

        Raises
        ------
        SearchError
            If another process has taken the run over.
        """
        self._beat = time.monotonic()
        if not self._archive.runs.heartbeat(self._run, self._owner):
            raise SearchError(f"the run {self._run.nickname} was taken over by another process")
        self.clock.keep()

    def show_life_if_due(self) -> None:
        """Show a sign of life unless the last one is recent; errors as for `show_life`."""
        if time.monotonic() - self._beat >= HEARTBEAT_SECONDS:
            self.show_life()

    def wait_while_paused(self, meanwhile: Callable[[], None]) -> None:
        """Wait while somebody has the run paused; what workers have in hand goes on, the clock stands still.

        Parameters
        ----------
        meanwhile
            Called a few times a second.
        """
        if not self._archive.runs.pause_requested(self._run):
            return
        with self.clock.held():
            while self._archive.runs.pause_requested(self._run):
                self.show_life()
                meanwhile()
                time.sleep(LOOK_SECONDS)


def owner_is_dead(owner: str | None) -> bool:
    """Whether the process that worked on a run was on this machine and is gone, so that nobody need wait."""
    node, _, pid = (owner or "").rpartition(":")
    if node != platform.node() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
