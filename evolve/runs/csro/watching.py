"""A listener of a search that looks after the CSRO run it belongs to: signs of life, and requests to stop."""

from __future__ import annotations

from nashforge.archive import Archive, Candidate, Run
from nashforge.evolve.search.events import Listener, Snapshot
from nashforge.evolve.search.ownership import Ownership


class Watched:
    """Passes on what a search tells, and hands down to the search what is asked of its CSRO run.

    Parameters
    ----------
    listener
        Whom all is passed on to.
    archive, run, search
        The CSRO run and its search.
    ownership
        Of the CSRO run.
    """

    def __init__(
        self, listener: Listener, archive: Archive, run: Run, search: Run, ownership: Ownership
    ) -> None:
        self._listener, self._archive = listener, archive
        self._run, self._search, self._ownership = run, search, ownership

    def snapshot(self, snapshot: Snapshot) -> None:
        """Show a sign of life; have the search stop and pause as the CSRO run is to."""
        self._ownership.show_life_if_due()
        runs = self._archive.runs
        if runs.stop_requested(self._run) and not runs.stop_requested(self._search):
            runs.request_stop(self._search)
        paused = runs.pause_requested(self._run)
        if paused != runs.pause_requested(self._search):
            runs.request_pause(self._search, paused=paused)
        self._listener.snapshot(snapshot)

    def outcome(self, candidate: Candidate, best: bool) -> None:
        """Pass it on."""
        self._listener.outcome(candidate, best)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)
