"""Watching the requests of a call, below the provider's library and its retries.

Whether a call without an answer may have been charged for depends on one thing: was a request under way that
had not been turned away? The libraries do not say; hooks on their HTTP clients do.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2


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


async def _sending(request: httpx2.Request) -> None:
    wire = current.get()
    if wire is not None:
        wire.sent += 1
        wire.open = True


async def _answered(response: httpx2.Response) -> None:
    wire = current.get()
    if wire is not None:
        wire.status = response.status_code
        wire.open = response.status_code == 200


def hooks() -> dict[str, list[Any]]:
    """Return event hooks for an HTTP client."""
    return {"request": [_sending], "response": [_answered]}
