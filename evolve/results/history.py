"""The history of a run: fitness of its candidates over their number, processor time and dollars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from nashforge.archive import Archive, Run
from nashforge.archive.stores.views import Told
from nashforge.evolve.search.population.ranking import merit

T = TypeVar("T")

AXES = ("candidates", "seconds", "dollars")
"""What a history is told over."""

MOST_DRAWN = 3000
"""Programs in a picture of a run's progress, besides those that were the best for a time."""


@dataclass(frozen=True)
class History:
    """A run's measured candidates, in the order of asking.

    Attributes
    ----------
    measured : tuple of Told
        Each with its fitness.
    seconds, dollars : tuple of float
        What the run had taken when each of them was asked for and measured: processor seconds of
        evaluations, dollars for models; of all candidates up to it, failures included.
    best : tuple of float
        The training fitness of the best so far, as a run chooses it.
    """

    measured: tuple[Told, ...]
    seconds: tuple[float, ...]
    dollars: tuple[float, ...]
    best: tuple[float, ...]

    def over(self, axis: str) -> list[float]:
        """Return the places of the candidates on one of `AXES`."""
        if axis == "seconds":
            return list(self.seconds)
        if axis == "dollars":
            return list(self.dollars)
        return [float(item.index) for item in self.measured]

    def thinned(self, most: int = MOST_DRAWN) -> History:
        """Return what a picture needs: the candidates at which the best changed, and every so many others."""
        count = len(self.measured)
        if count <= most:
            return self
        every = -(-count // most)
        kept = [k for k in range(count) if k % every == 0 or self.best[k] != self.best[k - 1]]

        def of(values: Sequence[T]) -> tuple[T, ...]:
            return tuple(values[k] for k in kept)

        return History(of(self.measured), of(self.seconds), of(self.dollars), of(self.best))


def history_of(archive: Archive, run: Run, *, spent: bool = True) -> History:
    """Return the history of a run.

    Parameters
    ----------
    spent
        Whether to tell what it took; otherwise, it is told as nothing, which is quicker.
    """
    found = archive.overview.told(run)
    took = archive.overview.spent(run) if spent else {}
    nothing = (0.0, 0.0)
    seconds = accumulate(took.get(item.id, nothing)[0] for item in found)
    dollars = accumulate(took.get(item.id, nothing)[1] for item in found)
    rows = [row for row in zip(found, seconds, dollars, strict=True) if row[0].train is not None]
    best: Told | None = None
    chosen: list[float] = []
    for item, _, _ in rows:
        if best is None or merit(item) > merit(best):
            best = item
        assert best.train is not None
        chosen.append(best.train)
    return History(
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        tuple(row[2] for row in rows),
        tuple(chosen),
    )


def funnel(archive: Archive, run: Run) -> list[tuple[str, int]]:
    """Return how many candidates of a run got how far, and what each stage means."""
    words = {
        "asked": "asked for",
        "written": "written",
        "novel": "new in this run",
        "smoke": "ran at all",
        "train": "measured on the training games",
        "validation": "verified on disguised games",
    }
    return [(words[stage], count) for stage, count in archive.overview.passed(run).items()]


def reasons(archive: Archive, run: Run, *, latest: int = 400) -> list[tuple[str, str, int]]:
    """Return kinds and reasons of the latest failures of a run, with how often each came, most often first.

    The first line of a reason counts: what follows is a trace, or the text of one program.
    """
    counted: dict[tuple[str, str], int] = {}
    for status, reason in archive.overview.reasons(run, limit=latest):
        lines = (reason or "no reason was given").strip().splitlines()
        key = (str(status), lines[0][:200] if lines else "")
        counted[key] = counted.get(key, 0) + 1
    return sorted(((*key, count) for key, count in counted.items()), key=lambda row: -row[2])
