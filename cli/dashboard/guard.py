"""The door of the dashboard: a token, the names it may be called by, and what a page may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style that stands in a page: not even one of ours."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no referrer at all, forms come without their origin
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PARAMETER = "token"


class Door:
    """An application behind a token, which a browser brings once in an address and then in a cookie.

    Parameters
    ----------
    app
        What answers those who have it.
    secret
        The token.
    hosts
        Names by which the server may be called, besides addresses: a page elsewhere cannot make its own name
        one of this machine's and read what is served here.
    control
        Whether anything but reading is let through.
    """

    def __init__(self, app: ASGIApp, secret: str, hosts: Sequence[str], *, control: bool) -> None:
        self._app, self._secret, self._control = app, secret, control
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refused = self._refusal(scope)
            app = self._app if refused is None else refused
            await app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to who may not come in; None for all others."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_called(_name(host)):
            return PlainTextResponse(
                "This is not a name of this server; whoever starts it may give it with --server-name.", 421
            )
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get(PARAMETER)
        if given is not None and scope["method"] == "GET":
            return self._entered(scope, given)
        if not self._is_known(headers, cookie_name(scope)):
            return PlainTextResponse(
                "The token is missing or wrong. Open the address that `nashforge dashboard` printed.", 401
            )
        if scope["method"] not in ("GET", "HEAD"):
            if not self._control:
                return PlainTextResponse(
                    "These pages are read-only; start the dashboard with --allow-control to change runs.", 403
                )
            if not _is_own(headers, host):
                return PlainTextResponse("This request comes from another page.", 403)
        return None

    def _is_called(self, name: str) -> bool:
        """Whether this is a name of the server; an address is nobody's to give to another machine."""
        try:
            return name in self._hosts or bool(ip_address(name))
        except ValueError:
            return False

    def _entered(self, scope: Scope, given: str) -> Response:
        if not _equal(given, self._secret):
            return PlainTextResponse("The token is wrong. Open the address that was printed last.", 401)
        rest = [(k, v) for k, v in parse_qsl(scope["query_string"].decode("latin-1")) if k != PARAMETER]
        target = scope["path"] if scope["path"].startswith("/") and scope["path"][1:2] != "/" else "/"
        answer = RedirectResponse(f"{target}{'?' if rest else ''}{urlencode(rest)}", 303)
        answer.set_cookie(
            cookie_name(scope), session_of(self._secret), httponly=True, samesite="strict", path="/"
        )
        return answer

    def _is_known(self, headers: Headers, name: str) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _equal(given.strip(), self._secret):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(name)
        except CookieError:
            return False
        return cookie is not None and _equal(cookie.value, session_of(self._secret))


def cookie_name(scope: Scope) -> str:
    """Return the cookie of a server: browsers keep one for all ports of a machine."""
    return f"nashforge-{(scope.get('server') or ('', 0))[1]}"


def session_of(secret: str) -> str:
    """Return what the cookie holds: who reads it cannot tell the token."""
    return hmac.new(secret.encode(), b"session", hashlib.sha256).hexdigest()


def form_token(secret: str) -> str:
    """Return what every form of a page sends along, which no other page knows."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def is_form_token(given: str, secret: str) -> bool:
    """Whether a form came from a page of ours."""
    return _equal(given, form_token(secret))


def _equal(given: str, known: str) -> bool:
    digests = (hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (given, known))
    return hmac.compare_digest(*digests)


def _name(host: str) -> str:
    """Return the name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_own(headers: Headers, host: str) -> bool:
    """Whether a form was sent by a page of this server, as far as the browser says."""
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == host
    except ValueError:
        return False


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
