"""Waiting for news of a database without asking it all the time."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import Any

from nashforge.archive.storage.location import file_of

_GLANCE_SECONDS = 0.004
_LONGEST_GLANCE = 0.05
_QUIET_SECONDS = 30.0


class Notices:
    """Tells when something may have changed: by PostgreSQL's notifications, by SQLite's change counter.

    News may be lost or false; whoever waits looks at the rows themselves, and does so now and then even
    without news.

    Parameters
    ----------
    url
        A resolved URL, see :func:`nashforge.archive.storage.location.resolve_url`.
    channel
        What to listen to (PostgreSQL).
    """

    def __init__(self, url: str, channel: str) -> None:
        self._url, self._channel = url, channel
        self._server: Any = None
        self._heard = 0.0
        self._file: sqlite3.Connection | None = None
        self._version: int | None = None

    def listen(self) -> None:
        """Begin to take notice now; without, the first `wait` does."""
        if file_of(self._url) is None:
            self._connect()
        else:
            self._version = self._glance()

    def wait(self, timeout: float) -> None:
        """Wait for news, at most ``timeout`` seconds."""
        if file_of(self._url) is not None:
            self._wait_for_file(timeout)
            return
        import psycopg

        try:
            self._connect()
            if time.monotonic() - self._heard > _QUIET_SECONDS:
                # No news, or nobody there who could bring them?
                self._server.execute("SELECT 1")
                self._heard = time.monotonic()
            for _ in self._server.notifies(timeout=max(timeout, 0.0), stop_after=1):
                self._heard = time.monotonic()
                return
        except psycopg.Error:
            # The server is away, or restarted: the caller finds out by itself.
            self._drop_server()
            time.sleep(min(timeout, 0.2))

    def close(self) -> None:
        """Close the connection. Harmless when repeated."""
        self._drop_server()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _connect(self) -> None:
        if self._server is not None:
            return
        from psycopg import sql

        from nashforge.archive.storage.connections.silence import WatchedConnection

        plain = "postgresql://" + self._url.partition("://")[2]
        self._server = WatchedConnection.connect(plain, autocommit=True, connect_timeout=5)
        self._server.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        self._heard = time.monotonic()

    def _drop_server(self) -> None:
        import psycopg

        if self._server is not None:
            with suppress(psycopg.Error):
                self._server.close()
            self._server = None

    def _wait_for_file(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        pause = _GLANCE_SECONDS
        while (now := self._glance()) == self._version:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(pause, left))
            pause = min(1.2 * pause, _LONGEST_GLANCE)
        self._version = now

    def _glance(self) -> int:
        """Return a number that changes whenever another connection commits."""
        if self._file is None:
            path = file_of(self._url)
            assert path is not None
            self._file = sqlite3.connect(path, timeout=5.0, check_same_thread=False, isolation_level=None)
        return int(self._file.execute("PRAGMA data_version").fetchone()[0])
