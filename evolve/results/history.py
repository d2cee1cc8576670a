"""The history of a run: fitness of its candidates over their number, processor time and dollars."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from nashforge.archive import Archive, Run, Status
from nashforge.archive.stores.views import Told
from nashforge.evolve.search.population.ranking import merit

AXES = ("candidates", "seconds", "dollars")
"""What a history is told over."""


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


def history_of(archive: Archive, run: Run) -> History:
    """Return the history of a run."""
    found = archive.overview.told(run)
    spent = archive.overview.spent(run)
    nothing = (0.0, 0.0)
    seconds = accumulate(spent.get(item.id, nothing)[0] for item in found)
    dollars = accumulate(spent.get(item.id, nothing)[1] for item in found)
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
    for item in archive.candidates.failures(run, limit=latest):
        if item.status is not Status.DUPLICATE:
            lines = (item.reason or "no reason was given").strip().splitlines()
            key = (str(item.status), lines[0][:200] if lines else "")
            counted[key] = counted.get(key, 0) + 1
    return sorted(((*key, count) for key, count in counted.items()), key=lambda row: -row[2])
