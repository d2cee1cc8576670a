"""Whether anything was committed to a database since the last look, for less than a query costs."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path


class Changes:
    """Watches the file of an SQLite database; of a server it is always said that there may be something new.

    SQLite counts what other connections commit, of this process or another, and tells the number without
    reading the database (``PRAGMA data_version``). The connection by which it is asked never writes.

    Parameters
    ----------
    file
        The file; None: the database is on a server.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None

    def any(self) -> bool:
        """Whether there may be something new since this was asked the last time; so there is at first."""
        if self._file is None:
            return True
        try:
            if self._connection is None:
                # Not read-only: the last of all connections tidies the journal up, and might be this one.
                place = f"{self._file.absolute().as_uri()}?mode=rw"
                self._connection = sqlite3.connect(place, uri=True, timeout=0.0, check_same_thread=False)
            [version] = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:  # whatever it is, a query says it better
            self.close()
            return True
        before, self._version = self._version, version
        return bool(before != version)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = self._version = None

    def __del__(self) -> None:
        self.close()
