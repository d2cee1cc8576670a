"""The guard before every application that is served: a bearer token, a bound on bodies, no other paths."""

from __future__ import annotations

import hashlib
import hmac
import math

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 4_000_000
"""Bytes of a question; a program of the longest kind fits in, however its characters are written."""


TOO_LARGE = f"the body is above the {LARGEST_BODY} bytes that are read"


class BodyTooLarge(HTTPException):
    """A body goes on beyond what is read: whatever application reads it answers with the status 413."""

    def __init__(self) -> None:
        super().__init__(413, TOO_LARGE)


class Guard:
    """An application behind a bearer token.

    Parameters
    ----------
    app
        What answers those who have it.
    secret
        The token.
    """

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._digest = _digest(secret.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a websocket, which nothing here is
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if not self._admits(headers.get(b"authorization", b"")):
            await refusal(401, "the token is missing or wrong; send the server's as a bearer token")(
                scope, receive, send
            )
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await refusal(413, TOO_LARGE)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)

    def _admits(self, header: bytes) -> bool:
        kind, _, given = header.partition(b" ")
        # Digests have one length, so that the comparison takes as long whatever was sent.
        return hmac.compare_digest(_digest(given.strip()), self._digest) and kind.lower() == b"bearer"


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _bounded(receive: Receive) -> Receive:
    """Return the receiving end of a request whose body ends in an error where it is too large."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise BodyTooLarge
        return message

    return limited


def refusal(status: int, text: str, *, retry_after: float | None = None) -> JSONResponse:
    """Return the answer to a request that is not done, and how many seconds later it may be."""
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if retry_after is not None:
        headers["retry-after"] = f"{math.ceil(retry_after)}"
    return JSONResponse({"error": text}, status_code=status, headers=headers)
