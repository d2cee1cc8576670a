"""Connections to PostgreSQL that do not wait for ever for a server, or a network, that has fallen silent.

A connection can die without a sign: a firewall forgets it, a machine between vanishes, and what is written to
it is swallowed. The system notices by itself after hours, or never. So the system asks for signs of life
(keepalives, ``tcp_user_timeout``); and who waits for an answer longer than `SILENT_SECONDS` asks the server
over a new connection whether it is still working on the question. If it is, the wait goes on, however long;
if not, the connection is given up, with an error like that of one that was cut.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Self

import psycopg
from psycopg.pq import TransactionStatus

SILENT_SECONDS = 10.0
"""After so long without an answer, the server is asked whether it works on one."""

PROBE_SECONDS = 5.0
"""After twice so long without an answer to that, the server is taken for away."""

CONNECT_SECONDS = 10
"""How long a connection may take to be made, unless its URL says otherwise."""

SIGNS_OF_LIFE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What the system does about connections that are idle, or whose data nobody acknowledges; milliseconds."""

_AT_WORK = """
SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Client' FROM pg_stat_activity WHERE pid = %s
"""


class WatchedConnection(psycopg.Connection[Any]):
    """A connection whose waits end when the server does not work on an answer any more."""

    _place: tuple[str, dict[str, Any]] = ("", {})
    _probing = False

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """Connect, as `psycopg.Connection.connect`; what the URL says goes before `SIGNS_OF_LIFE`."""
        said = psycopg.conninfo.conninfo_to_dict(conninfo)
        usual = {"connect_timeout": CONNECT_SECONDS, **SIGNS_OF_LIFE}
        given = {name: value for name, value in usual.items() if name not in said}
        connection = super().connect(conninfo, **{**given, **options})
        connection._place = (conninfo, {**given, **options})
        return connection

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for an answer, as psycopg does, while the server works on it."""
        return super().wait(self._watched(gen), *arguments, **options)

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Do what a generator of psycopg does, and look after the server when nothing comes for long."""
        heard = time.monotonic()
        patience = PROBE_SECONDS if self._probing else SILENT_SECONDS
        doubted = False
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard, doubted = now, False
                elif self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                    heard = now  # nothing was asked: notifications come when they come
                elif now - heard > patience:
                    # Twice: the question, or its answer, may just have been under way.
                    doubted = self._look(doubted)
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    def _look(self, doubted: bool) -> bool:
        """Return whether the server works on no answer; if that was so before, give the connection up."""
        pid = self.pgconn.backend_pid
        if not self._probing and _is_at_work(pid, *self._place):
            return False
        if not doubted:
            return True
        self.pgconn.finish()
        raise psycopg.OperationalError(
            "the server has not answered for long, and is not at work on an answer: the connection is dead"
        )


class _Probe(WatchedConnection):
    _probing = True


def _is_at_work(pid: int, conninfo: str, options: dict[str, Any]) -> bool:
    try:
        with _Probe.connect(conninfo, **{**options, "autocommit": True}) as probe:
            row = probe.execute(_AT_WORK, (pid,)).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])
