"""The requests of a call, as they are watched below the provider's library and its retries.

Whether a call without an answer may have been charged for depends on one thing: was a request under way that
had not been turned away? The libraries do not say; hooks on their HTTP clients do
(`nashforge.evolve.proposers.llm.providers.requests`).
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

MAX_RESPONSE = 4 << 20
"""Bytes of a response that are read: some thirty times the longest answer that can be used."""

MAX_ERROR = 1 << 16
"""Bytes of an error that are read."""


@dataclass
class Wire:
    """The requests of one call.

    Attributes
    ----------
    sent : int
        How many requests were sent, repetitions included.
    open : bool
        Whether one was sent that has not been turned away.
    status : int or None
        Of the latest response.
    """

    sent: int = 0
    open: bool = False
    status: int | None = None


current: ContextVar[Wire | None] = ContextVar("wire", default=None)
"""The wire of the call that this task makes."""
