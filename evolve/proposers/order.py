"""The order of asking: how many outcomes were told before a program was asked for.

That follows from the lookahead, but for programs that were asked for late: near a limit of evaluations that
was raised afterwards, or while no money was free. Whoever resumes or replays a run asks for these as late
again, as what they are made from depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from nashforge.archive import Candidate

ASKED_AFTER = "asked_after"
"""Where a candidate keeps the number of outcomes, if it was asked for later than the lookahead says."""


def asked_after(candidate: Candidate) -> int:
    """Return how many outcomes were told before a candidate was asked for; 0: as many as usual."""
    said = candidate.data.get(ASKED_AFTER, 0)
    # An archive of somebody else may hold anything; more than there are would be waited for without end.
    return min(said, candidate.index) if isinstance(said, int) else 0


def late_of(candidates: Iterable[Candidate]) -> dict[int, int]:
    """Return that of all candidates that were asked for late, by their positions."""
    return {one.index: late for one in candidates if (late := asked_after(one))}
