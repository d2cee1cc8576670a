"""Waiting as long as a server asks for, where the provider's library does not look at what it says.

``google-genai`` repeats what was turned away after a delay of its own. The repeating stays with it, so that
there is one layer of retries: a hook below it holds the response back until the server wants to be asked.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from nashforge.evolve.proposers.llm.providers import wire

if TYPE_CHECKING:
    import httpx2

_BUSY = (429, 503, 529)
_RETRY_INFO = "google.rpc.RetryInfo"


def wait_as_told(retries: int) -> Callable[[httpx2.Response], Awaitable[None]]:
    """Return a response hook that waits before the library repeats a request, if the server says how long.

    Parameters
    ----------
    retries
        How often the library repeats; after the last time nothing is waited for.
    """

    async def hook(response: httpx2.Response) -> None:
        if response.status_code not in _BUSY:
            return
        watched = wire.current.get()
        if watched is not None and watched.sent > retries:
            return
        await response.aread()
        # The deadline of the call, which runs meanwhile, is the only bound.
        await asyncio.sleep(told_seconds(response, datetime.now(UTC)))

    return hook


def told_seconds(response: httpx2.Response, now: datetime) -> float:
    """Return for how many seconds a server asks not to be asked again; 0 if it does not say.

    It may say so in the header ``Retry-After``, as a number or as a date (RFC 9110, 10.2.3), or in a
    ``google.rpc.RetryInfo`` among the details of the error, as Gemini does.
    """
    text = response.headers.get("retry-after")
    seconds = _delay(response) if text is None else _number(text)
    if seconds is None and text is not None:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (TypeError, ValueError):  # neither form; or a date without a time zone
            seconds = None
    return max(seconds or 0.0, 0.0)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _delay(response: httpx2.Response) -> float | None:
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith(_RETRY_INFO):
            return _number(str(detail.get("retryDelay", "")).removesuffix("s"))
    return None
