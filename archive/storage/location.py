"""The location of the database: argument, environment variable, or the user's data directory."""

from __future__ import annotations

import os
import re
from pathlib import Path

from nashforge.archive.addresses import is_clear, may_hold_a_password, shown_url
from nashforge.archive.errors import NotAnArchive
from nashforge.extras import require

VARIABLE = "NASHFORGE_DATABASE"
"""Environment variable that names the database."""

_KNOWN = frozenset(
    ["mysql", "mariadb", "oracle", "mssql", "mongodb", "redis", "rediss", "amqp", "amqps", "http", "https"]
)
"""Kinds that an error may repeat; what else stands before a colon may be part of a password."""

_URL = re.compile(r"[a-z0-9+]+://|(postgres(ql)?|mysql|sqlite|redis|amqp)[a-z0-9+]*:", re.IGNORECASE)


def default_path() -> Path:
    """Return where the database is if nobody says otherwise."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("nashforge", appauthor=False)) / "nashforge.db"


def default_url() -> str:
    """Return the URL used without an argument: that of ``NASHFORGE_DATABASE``, or the default file's."""
    return resolve_url(None)


def resolve_url(place: str | Path | None = None) -> str:
    """Turn what a person writes into a full database URL.

    Parameters
    ----------
    place
        A file path, ``sqlite:///path`` or ``postgresql://user@host/name``; None for the environment variable
        ``NASHFORGE_DATABASE`` or else the default file. Relative paths become absolute.

    Raises
    ------
    NotAnArchive
        If it is a database of another kind, or one in memory.
    """
    if place is None:
        place = os.environ.get(VARIABLE) or default_path()
    text = str(place).strip()
    if isinstance(place, Path) or not _URL.match(text):
        return _file_url(text)
    scheme = text.partition(":")[0].lower()
    if not text[len(scheme) :].startswith("://"):
        raise NotAnArchive(
            "a database URL begins with its kind and ://, as in postgresql://USER@HOST/NAME; write it so"
        )
    if scheme in ("sqlite", "sqlite+pysqlite"):
        rest = text.partition("://")[2]
        path = rest.partition("?")[0].removeprefix("/")
        if "?" in rest or not rest.startswith("/") or path in ("", ":memory:"):
            raise NotAnArchive(
                "that database is not a plain file, and an archive must outlive its process; "
                "give a file path or sqlite:///PATH"
            )
        return _file_url(path)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        url = "postgresql+psycopg://" + text.partition("://")[2]
        if not is_clear(url):
            raise NotAnArchive(
                f"the database URL {shown_url(url)} is ambiguous: write '@', ':', '/', '?', '#' and '%' of a "
                "name or password as %40, %3A, %2F, %3F, %23 and %25"
            )
        require("postgresql", "an archive on PostgreSQL")
        return url
    kind = f"of the kind {scheme!r}" if scheme.partition("+")[0] in _KNOWN else "of that kind"
    raise NotAnArchive(
        f"databases {kind} are not supported; use a file path, sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def _file_url(path: str) -> str:
    if may_hold_a_password(path):
        raise NotAnArchive(
            "the database looks like an address, but is no URL that is known here (it is not repeated, as it "
            "may hold a password); give postgresql://USER@HOST/NAME or a file path without '@' and ':', "
            "'//' at its beginning, and 'password='"
        )
    return f"sqlite:///{Path(path).expanduser().absolute()}"


def file_of(url: str) -> Path | None:
    """Return the file of a resolved SQLite URL, or None for a server."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from others, whatever they are called; None if there is none of this name."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def display(url: str) -> str:
    """Return the URL as it may be shown: a plain path for a file, no password for a server."""
    file = file_of(url)
    if file is not None:
        return str(file)
    return shown_url(url)
