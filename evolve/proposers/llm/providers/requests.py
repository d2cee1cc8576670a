"""HTTP clients of the providers' libraries, whose requests are watched and whose responses have an end.

The libraries read whatever a server sends into memory, and do not tell which requests were under way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2

from nashforge.evolve.config.model_names import Model, on_this_machine, place_of
from nashforge.evolve.proposers.llm.providers.base import CONNECT_SECONDS, Refused, Uncertain
from nashforge.evolve.proposers.llm.providers.wire import MAX_ERROR, MAX_RESPONSE, current

UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
"""Errors of requests that no server had: there was none, or a proxy did not let them through."""


class _Bounded(httpx2.AsyncByteStream):
    """A response's body up to so many bytes; then it ends, or what it was read for fails."""

    def __init__(self, stream: Any, limit: int, failure: str | None) -> None:
        self._stream, self._left, self._failure = stream, limit, failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            if len(chunk) > self._left:
                if self._failure is not None:
                    raise Uncertain(self._failure)
                yield chunk[: self._left]
                return
            self._left -= len(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()

    @property
    def elapsed(self) -> Any:
        """The time that the response took."""
        return self._stream.elapsed


async def _sending(request: httpx2.Request) -> None:
    # What is compressed may be a thousand times longer than what is sent.
    request.headers["accept-encoding"] = "identity"
    wire = current.get()
    if wire is not None:
        wire.sent += 1
        request.extensions["trace"] = _leaving


async def _leaving(event: str, info: Mapping[str, Any]) -> None:
    """Take in that a request leaves this machine: before it is connected, there is nobody to charge for it.

    What a proxy is asked first, to connect to the server, is not the request.
    """
    wire = current.get()
    if wire is not None and event.endswith(".send_request_headers.started"):
        wire.open = wire.open or info["request"].method != b"CONNECT"


async def _answered(response: httpx2.Response) -> None:
    wire = current.get()
    if wire is not None:
        wire.status = response.status_code
        wire.open = response.status_code == 200
    if response.has_redirect_location:
        # Keys would go along to a server that nobody named.
        raise Refused("the server sends its callers to another address; name that one instead", fatal=True)
    plain = response.headers.get("content-encoding", "identity").strip().lower() in ("", "identity")
    if response.status_code != 200:
        response.stream = _Bounded(response.stream, MAX_ERROR if plain else 0, None)
        return
    if not plain:
        raise Uncertain("the server compressed its response, which it was asked not to")
    too_long = f"the response is longer than {MAX_RESPONSE >> 20} MiB"
    response.stream = _Bounded(response.stream, MAX_RESPONSE, too_long)


def hooks() -> dict[str, list[Any]]:
    """Return event hooks for an HTTP client."""
    return {"request": [_sending], "response": [_answered]}


def client(
    model: Model, hooks: dict[str, list[Any]], kind: type[httpx2.AsyncClient] = httpx2.AsyncClient
) -> httpx2.AsyncClient:
    """Return an HTTP client for a model, of a kind.

    It follows no redirects, as the key would go along to an address that nobody named; and what is on this
    machine it asks directly, as a proxy of the environment would read a key that is sent unencrypted.
    """
    place = place_of(model)
    direct = httpx2.AsyncHTTPTransport() if place is not None and on_this_machine(place) else None
    return kind(
        # Limits on single reads would only add a second clock to the deadline of the proposal; and the
        # library would repeat a request that they cut off, which may be charged twice.
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        event_hooks=hooks,
        follow_redirects=False,
        transport=direct,
    )
