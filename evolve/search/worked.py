"""The work done on a run: its time, without pauses and idle times, and measurements besides candidates."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from nashforge.archive import Archive, Run

_KEY = "worked"
_TRIED = "tried"
_MOST = 1e9


def worked(archive: Archive, run: Run) -> float:
    """Return the seconds that were worked on a run, as far as they are stored.

    Runs that never told, as those of ``distill`` in earlier versions, were worked on from their start to
    their end.
    """
    told = archive.runs.get_value(run, _KEY)
    # A run may come from anybody's file.
    if isinstance(told, int | float) and 0 <= told <= _MOST:
        return float(told)
    ended = run.finished or run.heartbeat
    return max((ended - run.started).total_seconds(), 0.0) if ended and run.started else 0.0


def tried(archive: Archive, run: Run) -> int | None:
    """Return how many programs a distillation measured, most of which are no candidates; None: it is none."""
    told = archive.runs.get_value(run, _TRIED)
    # A run may come from anybody's file; and what is true in it is no number.
    return told if type(told) is int and 0 <= told <= _MOST else None


def keep_work(archive: Archive, run: Run, *, seconds: float, tried: int) -> None:
    """Store the work of a run that is stored only when it is done.

    Parameters
    ----------
    seconds
        How long it took.
    tried
        How many programs were measured; of these, those that led somewhere are its candidates.
    """
    archive.runs.set_value(run, _KEY, round(seconds, 3))
    archive.runs.set_value(run, _TRIED, tried)


class Clock:
    """Counts the time that this process works on a run, which goes on from what was worked before."""

    def __init__(self, archive: Archive, run: Run) -> None:
        self._archive, self._run = archive, run
        self._before, self._began = worked(archive, run), time.monotonic()
        self._held: float | None = None

    @property
    def session(self) -> float:
        """Seconds that this process has worked, without those for which it was held back."""
        return (time.monotonic() if self._held is None else self._held) - self._began

    @property
    def total(self) -> float:
        """Seconds that were worked on the run in all."""
        return self._before + self.session

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stand still for the length of a block."""
        self._held = time.monotonic()
        try:
            yield
        finally:
            self._began += time.monotonic() - self._held
            self._held = None

    def stop(self) -> None:
        """Stand still for good, and store the total."""
        self._held = time.monotonic()
        self.keep()

    def keep(self) -> None:
        """Store the total."""
        self._archive.runs.set_value(self._run, _KEY, round(self.total, 3))
