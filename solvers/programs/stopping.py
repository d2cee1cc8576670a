"""Early stopping of an engine: at a target, after some time, or on request."""

from __future__ import annotations

import math
import time
from typing import Literal

from nashforge.solvers.programs.arguments import limit

Reason = Literal["target", "time", "interrupted"]

STRIDE = 20
"""With a target, exploitability is measured each time the iterations have grown by one part in so many."""


class Stop:
    """Ends a run of an engine, always after a whole iteration, whose outcome is then measured.

    Parameters
    ----------
    target
        Exploitability, in units of utility, at or below which the run ends; None: at none.
    seconds
        Wall time from the first iteration on after which no other begins but one last; None: no limit.

    Attributes
    ----------
    reason : str or None
        ``target``, ``time`` or ``interrupted`` once the run was ended by it.
    began : bool
        Whether the first iteration has begun.

    Raises
    ------
    ArgumentError
        If the target is negative, or the time not positive.
    """

    def __init__(self, target: float | None = None, seconds: float | None = None) -> None:
        self.target, self.seconds = limit("the target", target), limit("the seconds", seconds, above=True)
        self.reason: Reason | None = None
        self._deadline: float | None = None
        self._requested = False

    @property
    def began(self) -> bool:
        """Whether the first iteration has begun."""
        return self._deadline is not None

    def request(self) -> None:
        """Ask for the end after the next whole iteration."""
        self._requested = True

    def last(self) -> bool:
        """Whether the iteration that begins now is the last; asked before each."""
        now = time.perf_counter()
        if self._deadline is None:
            self._deadline = math.inf if self.seconds is None else now + self.seconds
        if self._requested:
            self.reason = "interrupted"
        elif now >= self._deadline:
            self.reason = "time"
        return self.reason is not None

    def met(self, exploitability: float) -> bool:
        """Whether what was measured ends the run."""
        if self.target is not None and exploitability <= self.target:
            self.reason = "target"
        return self.reason is not None

    def looks(self, iterations: int) -> set[int]:
        """Return the iterations after which the target asks for a measurement."""
        found, t = set[int](), 1
        while self.target is not None and t <= iterations:
            found.add(t)
            t += max(1, t // STRIDE)
        return found
