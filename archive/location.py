"""Where the database is: argument, environment variable, or the user's data directory."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from archive.errors import NotAnArchive

VARIABLE = "NASHFORGE_DATABASE"
"""Environment variable that names the database."""


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
    text = str(place)
    if isinstance(place, Path) or "://" not in text:
        return _file_url(text)
    scheme = text.partition("://")[0].lower()
    if scheme in ("sqlite", "sqlite+pysqlite"):
        rest = text.partition("://")[2]
        path = rest.partition("?")[0].removeprefix("/")
        if "?" in rest or path in ("", ":memory:"):
            raise NotAnArchive(
                f"the database {text} is not a plain file, and an archive must outlive its process; "
                "give a file path or sqlite:///PATH"
            )
        return _file_url(path)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return "postgresql+psycopg://" + text.partition("://")[2]
    raise NotAnArchive(
        f"databases of the kind {scheme!r} are not supported; use a file path, sqlite:///PATH or "
        "postgresql://USER@HOST/NAME"
    )


def _file_url(path: str) -> str:
    return f"sqlite:///{Path(path).expanduser().absolute()}"


def file_of(url: str) -> Path | None:
    """Return the file of a resolved SQLite URL, or None for a server."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def display(url: str) -> str:
    """Return the URL as it may be shown: a plain path for a file, no password for a server."""
    file = file_of(url)
    if file is not None:
        return str(file)
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme.partition('+')[0]}://{user}{parts.hostname or ''}{port}{parts.path}"
