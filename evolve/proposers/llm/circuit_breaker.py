"""Circuit breaker of a model: opens when it is not available, tries a single request, then closes again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

FIRST_DELAY = 5.0
LONGEST_DELAY = 300.0
TOLERATED = 3
"""So many answers in a row that get lost count as an outage: each of them may have to be paid for."""


class CircuitBreaker:
    """Circuit breaker of one model: open while it is not available, and proposals are held back.

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
        self._retry_at = self._since = 0.0
        self._probing = False
        self._strikes = 0

    @property
    def is_open(self) -> bool:
        """Whether the model was not available when it was last asked."""
        return self.reason is not None

    @property
    def seconds_open(self) -> float:
        """For how long it has been unavailable."""
        return self._clock() - self._since if self.is_open else 0.0

    @property
    def seconds_left(self) -> float:
        """Seconds until it is asked again."""
        return max(0.0, self._retry_at - self._clock()) if self.is_open else 0.0

    def failed(self, reason: str) -> None:
        """Take in that the model was not available."""
        now = self._clock()
        if not self.is_open:
            self._since, self._delay = now, self._first
        elif self._probing:
            self._delay = min(2 * self._delay, LONGEST_DELAY)
        else:
            # A call that was under way when the breaker opened says nothing new.
            self.reason = reason
            return
        self.reason, self._retry_at, self._probing = reason, now + self._delay, False

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
        if not self.is_open:
            freed = list(self.held)
            self.held.clear()
            return freed
        if self._probing or self._clock() < self._retry_at:
            return []
        self._probing = True
        return [self.held.popleft()]
