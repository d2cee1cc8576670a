"""Measurements that a run waits for: kept in the archive, so that others than its own process can tell."""

from __future__ import annotations

from dataclasses import dataclass

from nashforge.archive import Archive, Run
from nashforge.evolve.proposers.agents.payload import PREPARING
from nashforge.evolve.search.events import Counted


@dataclass(frozen=True)
class Kept:
    """The progress of a run with measurements of one kind, as the process that works on it stored it last.

    Attributes
    ----------
    measured : int
        How many of them this process has made; the others were known.
    seconds : float
        Since it began with them.
    """

    counted: Counted
    measured: int
    seconds: float


def keep_progress(archive: Archive, run: Run, counted: Counted, *, measured: int, seconds: float) -> None:
    """Store how far a run is with measurements; parameters as of `Kept`."""
    told = {"what": counted.what, "done": counted.done, "of": counted.of, "measured": measured}
    owner = archive.runs.get(run.id).owner
    archive.runs.set_value(run, PREPARING, {**told, "seconds": round(seconds, 2), "owner": owner})


def progress_of(archive: Archive, run: Run) -> Kept | None:
    """Return how far a run is; None if its process has told nothing.

    What another measured, which has died since, may have been left undone.
    """
    told = archive.runs.get_value(run, PREPARING)
    if not isinstance(told, dict) or told.get("owner") != run.owner:
        return None
    counted = Counted(str(told["what"]), int(told["done"]), int(told["of"]))
    return Kept(counted, int(told["measured"]), float(told["seconds"]))


def waited_for(archive: Archive, run: Run) -> Counted | None:
    """Return the measurements that a run waits for now, which somebody works on; None if there are none."""
    kept = progress_of(archive, run)
    return None if kept is None or kept.counted.done >= kept.counted.of else kept.counted
