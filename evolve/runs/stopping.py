"""Requests to a run: to stop, whoever works on it, or to be set right where nobody does any more."""

from __future__ import annotations

from nashforge.archive import Archive, Run, RunState
from nashforge.evolve.results.run_status import is_alive


def stop_run(archive: Archive, run: Run) -> bool | None:
    """Ask a run to stop; it ends after what it is measuring, and can be resumed.

    Returns
    -------
    bool or None
        True if it was asked; False if its process had died, and it is marked as stopped now; None if nobody
        works on it, and nothing was changed.
    """
    if is_alive(archive, run):
        archive.runs.request_stop(run)
        archive.runs.request_pause(run, paused=False)
        return True
    if run.state is not RunState.RUNNING:
        return None
    archive.runs.set_state(run, RunState.STOPPED, "its process died")
    return False
