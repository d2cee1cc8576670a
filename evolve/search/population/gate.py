"""The gate: programs are audited, best first, before one is called the best of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from nashforge.archive import Archive, Candidate, Run
from nashforge.evolve.search.population.ranking import ranked

How: TypeAlias = Literal["off", "best", "gate"]

MOST_AUDITED = 20
"""Programs that are audited until one passes: of a run in which so many do not, something else is wrong."""


class Auditing(Protocol):
    """Audits programs of a run; see `nashforge.evolve.runs.auditing`."""

    def __call__(self, candidate: Candidate, source: str, tick: Callable[[], None]) -> str | None:
        """Audit a program, store the verdict, and return what flags it in a sentence; None: nothing does."""


class Board(Protocol):
    """The scoreboard of a search, as far as it tells the best program."""

    best: Candidate | None


def audit_best(
    archive: Archive,
    run: Run,
    board: Board,
    source: Callable[[str], str],
    how: How,
    audit: Auditing,
    tick: Callable[[], None],
    note: Callable[[str], None],
) -> None:
    """Audit the best program of a run; with ``gate``, the best that passes is the best.

    Parameters
    ----------
    source
        Returns the source of a program, given its hash.
    how
        ``best``: a flag is all that comes of it. ``gate``: the next best is audited, until one passes; if
        none of `MOST_AUDITED` does, the run has no best.
    """
    if board.best is None:
        return
    order = {one.id: one for one in (board.best, *ranked(archive, run, MOST_AUDITED))}
    for candidate in list(order.values())[: MOST_AUDITED if how == "gate" else 1]:
        assert candidate.program is not None
        why = audit(candidate, source(candidate.program), tick)
        if why is None:
            board.best = candidate
            return
        note(f"the audit flags {candidate.nickname}: {why}")
    if how == "gate":
        board.best = None
        note(
            f"none of the {min(len(order), MOST_AUDITED)} best programs passed the audit: the run has no best"
        )
