"""When a model is not available: wait, ask with a single request whether it is back, then go on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

FIRST_DELAY = 5.0
LONGEST_DELAY = 300.0
TOLERATED = 3
"""So many answers in a row that get lost count as an outage: each of them may have to be paid for."""


class Gate:
    """Holds proposals back while a model is not available.

    Parameters
    ----------
    clock
        Seconds, for tests; by default a monotonic clock.
    first_delay
        Seconds until the first attempt; doubled after each that fails.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, first_delay: float = FIRST_DELAY) -> None:
        self.held: deque[int] = deque()
        self.reason: str | None = None
        self._clock, self._first = clock, first_delay
        self._delay = first_delay
        self._opens = self._since = 0.0
        self._probing = False
        self._strikes = 0

    @property
    def closed(self) -> bool:
        """Whether the model was unavailable when it was last asked."""
        return self.reason is not None

    @property
    def seconds_closed(self) -> float:
        """For how long it has been unavailable."""
        return self._clock() - self._since if self.closed else 0.0

    @property
    def seconds_left(self) -> float:
        """Seconds until it is asked again."""
        return max(0.0, self._opens - self._clock()) if self.closed else 0.0

    def failed(self, reason: str) -> None:
        """Take in that the model was not available."""
        now = self._clock()
        if not self.closed:
            self._since, self._delay = now, self._first
        elif self._probing:
            self._delay = min(2 * self._delay, LONGEST_DELAY)
        else:
            # A call that was under way when the gate closed says nothing new.
            self.reason = reason
            return
        self.reason, self._opens, self._probing = reason, now + self._delay, False

    def lost(self, reason: str) -> None:
        """Take in that an answer got lost."""
        self._strikes += 1
        if self._strikes >= TOLERATED or self._probing:
            self.failed(reason)

    def answered(self) -> None:
        """Take in that the model answered."""
        self.reason, self._probing, self._strikes = None, False, 0

    def release(self) -> list[int]:
        """Return the held proposals that may go on: all if the model is back, one if it is time to try."""
        if not self.held:
            return []
        if not self.closed:
            freed = list(self.held)
            self.held.clear()
            return freed
        if self._probing or self._clock() < self._opens:
            return []
        self._probing = True
        return [self.held.popleft()]
