"""URLs of databases and brokers as they may be shown: never with a password, however it is written.

A password may hold any sign, and people do not always escape those that mean something in a URL. So nothing
is shown that may be part of one: all before the last ``@`` but a plain user name, and the whole query.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

HIDDEN = "***"

_SCHEME = re.compile(r"[a-z0-9]+(\+[a-z0-9]+)?", re.IGNORECASE)
_USER = re.compile(r"[\w.%~+$-]*")
_PLACE = re.compile(r"(\[[0-9a-f:.%]+\]|[\w.,%~-]*)(:\d*)?(/[\w./%~+$-]*)?", re.IGNORECASE)
_SETTING = re.compile(
    r"(pass\w*|pwd?|secret|token|(^|[\s;&?])(user|username|uid|host|hostaddr|port|dbname|database))\s*[=:]",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"[\w+.-]*[:;]?//|[\w+.-]{2,}:/")
_SHORTEST = 3
"""Characters of a password that is looked for in other texts: shorter ones are in every word."""


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: scheme, user, host, port and path, without password and query."""
    scheme, found, rest = url.partition("://")
    if not found or not _SCHEME.fullmatch(scheme):
        return HIDDEN
    user, _, place = _parts(rest)
    if not is_clear(url):
        return f"{scheme.partition('+')[0]}://{HIDDEN}"
    return f"{scheme.partition('+')[0]}://{f'{user}@' if user else ''}{place}"


def is_clear(url: str) -> bool:
    """Whether it is certain which part of a URL is its password."""
    rest = url.partition("://")[2]
    user, password, place = _parts(rest)
    if "@" in password or re.search(r"/[^@]*\?\w+=", password):
        return False
    return _USER.fullmatch(user) is not None and _PLACE.fullmatch(place) is not None


def may_hold_a_password(place: str) -> bool:
    """Whether what is to be the path of a file looks like an address, written in whatever way.

    Such as a URL without its colon, or settings as database drivers read them (``host=... password=...``).
    """
    return (
        ("@" in place and ":" in place)
        or "://" in place
        or _BEGINNING.match(place.strip().lstrip("\"'")) is not None
        or _SETTING.search(place) is not None
    )


def endpoint(url: str) -> tuple[str, int | None]:
    """Return host and port of a URL; an empty host, or None, where it names none."""
    found = _PLACE.fullmatch(_parts(url.partition("://")[2])[2])
    if found is None or not is_clear(url):
        return "", None
    port = (found[2] or ":")[1:]
    return found[1].strip("[]"), int(port) if port else None


def without_passwords(text: str, url: str) -> str:
    """Return a text, such as a driver's error, without the passwords of a URL."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text


def _parts(rest: str) -> tuple[str, str, str]:
    """Return user, password, and host, port and path of what follows the scheme."""
    before, at, after = rest.rpartition("@")
    if at and "?" in rest[: len(before)] and ":" not in before.partition("?")[0]:
        before, after = "", rest  # the sign is part of a query
    user, _, password = before.partition(":")
    return user, password, re.split(r"[?#]", after, maxsplit=1)[0]


def _secrets(url: str) -> set[str]:
    rest = url.partition("://")[2]
    raw = {_parts(rest)[1]}
    raw |= {value for name, value in parse_qsl(rest.partition("?")[2]) if "pass" in name.lower()}
    return raw | {unquote(secret) for secret in raw}
