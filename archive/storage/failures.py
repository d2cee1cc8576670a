"""Database errors told to people: what happened, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nashforge.archive.addresses import without_passwords
from nashforge.archive.errors import (
    ArchiveError,
    Conflict,
    DatabaseBusy,
    DatabaseUnavailable,
    DiskFull,
    NotAnArchive,
)
from nashforge.archive.storage.location import display, file_of

_RESUME = "nothing finished is lost and the run can be resumed"
# PostgreSQL's SQLSTATE codes.
_DISK_FULL = {"53100"}
_BUSY = {"55P03", "40P01", "40001", "57014"}
_NO_TABLE = {"42P01", "42703"}
_READ_ONLY = {"25006"}
_DENIED = {"28000", "28P01", "3D000", "42501"}


@contextmanager
def told_to_people(url: str) -> Iterator[None]:
    """Turn the driver's errors inside the block into the archive's own; and those of text that is none."""
    try:
        yield
    except DBAPIError as error:
        raise explain(error, url) from error
    except UnicodeEncodeError as error:
        raise ArchiveError(
            f"{error.object[:80]!r} is no text that an archive could hold or find: write it in UTF-8"
        ) from error
    except PoolTimeout as error:
        raise DatabaseBusy(
            f"every connection to {display(url)} is in use by this process; use fewer threads"
        ) from error


def explain(error: DBAPIError, url: str) -> ArchiveError:
    """Return the archive's error for a driver's error."""
    place = display(url)
    detail = without_passwords(" ".join(str(error.orig).split()), url) or type(error.orig).__name__
    if isinstance(error, IntegrityError):
        return Conflict(f"the write contradicts what {place} holds ({detail}); read the row again first")
    if isinstance(error.orig, sqlite3.Error):
        return _explain_sqlite(error.orig, url, place, detail)
    state = getattr(error.orig, "sqlstate", None)
    if state in _DISK_FULL:
        return DiskFull(f"the disk of the server of {place} is full; free some space, {_RESUME}")
    if state in _BUSY:
        return DatabaseBusy(f"another process holds a lock in {place} ({detail}); try again, {_RESUME}")
    if state in _READ_ONLY:
        return DatabaseUnavailable(
            f"{place} takes no writes ({detail}): is it a standby? Name the primary server, or wait until "
            f"this one is promoted; {_RESUME}"
        )
    if state in _NO_TABLE:
        return NotAnArchive(f"{place} lacks a table or column ({detail}); run `nashforge db upgrade`")
    if error.connection_invalidated or state is None or state[:2] in ("08", "57", "53") or state in _DENIED:
        return DatabaseUnavailable(
            f"{place} cannot be used ({detail}); check that the server runs and the URL is right; {_RESUME}"
        )
    return ArchiveError(f"the database {place} refused a statement ({detail}); please report this")


def _explain_sqlite(error: sqlite3.Error, url: str, place: str, detail: str) -> ArchiveError:
    # The low byte is the primary code; the rest says more about it.
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        folder = file_of(url)
        return DiskFull(
            f"the disk that holds {place} is full; free some space in {folder.parent if folder else place}, "
            f"{_RESUME}"
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy(
            f"another process has locked {place} for too long; close what holds it (a backup, a database "
            f"browser) and try again, {_RESUME}"
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return NotAnArchive(
            f"{place} is not a readable SQLite database ({detail}); name another file with --database, or "
            "restore a backup"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return DatabaseUnavailable(
            f"{place} may not be written ({detail}); make the file and its folder writable or name another "
            "with --database"
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return DatabaseUnavailable(
            f"{place} cannot be read or written ({detail}); check the path, the permissions of its folder "
            f"and the disk, {_RESUME}"
        )
    if "no such table" in detail or "no such column" in detail:
        return NotAnArchive(f"{place} lacks a table or column ({detail}); run `nashforge db upgrade`")
    return ArchiveError(f"the database {place} refused a statement ({detail}); please report this")
