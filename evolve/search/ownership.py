"""Ownership of a run by the process that works on it: its claim, its signs of life, pauses, and its time."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nashforge.archive import Archive, ArchiveError, Run, RunState
from nashforge.archive.errors import ArchiveMoved
from nashforge.evolve.executors.dispatcher import SearchError
from nashforge.evolve.executors.identity import has_ended, process_name
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
        self._owner = process_name()
        self.clock = Clock(archive, run)
        self._beat = time.monotonic()

    def claim(self) -> None:
        """Take the run, at once if its owner was on this machine and is gone.

        Raises
        ------
        nashforge.archive.RunBusy
            If another process works on it; so all but one hear that find the same owner dead.
        """
        owner = self._archive.runs.get(self._run).owner
        dead = owner if has_ended(owner) else None
        self._archive.runs.claim(self._run, self._owner, stale_after=STALE_SECONDS, instead_of=dead)

    def release(self, state: RunState, reason: str) -> None:
        """Give the run up; a process that has lost it says nothing about it."""
        self.clock.stop()
        self._archive.runs.set_state(self._run, state, reason, owner=self._owner)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Give the run up if the block ends by an error or an interruption, whatever it is.

        A run that is left claimed by nobody alive looks as if it were worked on.
        """
        try:
            yield
        except KeyboardInterrupt:
            try:
                self.release(RunState.STOPPED, "interrupted")
            except KeyboardInterrupt:  # whoever is in a hurry presses it twice, and the second time now
                self.release(RunState.STOPPED, "interrupted")
            raise
        except ArchiveMoved as error:
            raise self._saved(error) from error
        except Exception as error:
            # The database itself may be what failed.
            with suppress(ArchiveError):
                self.release(RunState.FAILED, str(error) or type(error).__name__)
            raise

    def _saved(self, error: ArchiveMoved) -> ArchiveMoved:
        """Save an archive that is where nobody will find it; return the error that says where it is now."""
        place = self._archive.database.rescue()
        if place is None:
            return ArchiveMoved(f"{error}, and could not be saved; put the file back, or a copy of it")
        with suppress(ArchiveError), Archive.open(place, create=False) as saved:
            saved.runs.set_state(self._run.id, RunState.FAILED, str(error), owner=self._owner)
        return ArchiveMoved(
            f"{error}; all that was stored is saved as {place}: continue with `nashforge resume "
            f"{self._run.nickname} --database {shlex.quote(str(place))}`"
        )

    def confirm(self) -> None:
        """Make sure that the run is this process's own, and have it stay so until the transaction ends.

        Raises
        ------
        SearchError
            If another process has taken the run over.
        """
        if not self._archive.runs.heartbeat(self._run, self._owner):
            now = self._archive.runs.get(self._run)
            other = now.worked_on_by
            who = f"taken over by {other}" if other else f"taken from this process and is {now.state}"
            raise SearchError(f"the run {now.nickname} was {who}")

    def show_life(self) -> None:
        """Show a sign of life, and store how long the run was worked on; errors as for `confirm`."""
        self._beat = time.monotonic()
        self.confirm()
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
