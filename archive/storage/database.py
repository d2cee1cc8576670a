"""One database: its engine, made lazily and again after a fork, and its read and write transactions."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from nashforge.archive.errors import ArchiveMoved, NotAnArchive
from nashforge.archive.storage.connections.changes import Changes
from nashforge.archive.storage.connections.patience import PatientConnection, connected
from nashforge.archive.storage.failures import told_to_people
from nashforge.archive.storage.forking import register, under_way
from nashforge.archive.storage.location import display, file_of, identity
from nashforge.archive.storage.models import InfoRow
from nashforge.archive.storage.types import present

# Engines whose connections were in use at a fork. A child must not close its parent's connections, not even
# by letting them be garbage collected: a server would hear that the parent says good-bye.
_inherited: list[Engine] = []

RETRY_SECONDS = 120.0
"""How long connections to a server that is away are tried again, as a rule."""

_POLICY = ("url", "busy_timeout", "start_seconds", "retry_seconds")

to_json: Callable[[Any], str] = partial(json.dumps, allow_nan=False, separators=(",", ":"))


def make_engine(url: str, busy_timeout: float, *, migrating: bool = False) -> Engine:
    """Return an engine for a resolved URL.

    SQLite gets a busy timeout, foreign keys (but not while migrating, when tables are rebuilt) and
    ``synchronous = FULL``: in WAL mode a commit is then one synced append, which survives a power cut as well
    as a killed process. ``BEGIN IMMEDIATE`` opens every write transaction, so that two writers wait for each
    other at the start instead of failing in the middle.
    """
    file = file_of(url)
    pool: dict[str, Any] = {"poolclass": NullPool} if migrating else {}
    if file is None:
        from nashforge.archive.storage.connections.silence import WatchedConnection

        pool |= {} if migrating else {"pool_pre_ping": True}
        # Whatever the server's default is: under others, transactions fail that need only wait.
        server = create_engine(
            make_url(url), json_serializer=to_json, isolation_level="READ COMMITTED", **pool
        )

        @event.listens_for(server, "do_connect")
        def _connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
            return WatchedConnection.connect(*arguments, **options)

        return server
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        json_serializer=to_json,
        connect_args={"timeout": busy_timeout},
        # Every use is a transaction that is committed or rolled back: there is nothing to undo afterwards.
        pool_reset_on_return=None,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Python's own transaction handling is switched off: it would delay BEGIN to the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}")
        cursor.execute("PRAGMA synchronous = FULL")
        try:
            cursor.execute("SELECT ln(1.0)")
        except sqlite3.OperationalError:  # built without functions of mathematics
            connection.create_function("ln", 1, math.log, deterministic=True)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        statement = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
        driver: Any = connection.connection.dbapi_connection
        # By the driver: as a statement like any other it would cost as much as the writes that follow.
        try:
            driver.execute(statement)
        except sqlite3.Error as error:
            raise OperationalError(statement, None, error) from error

    return engine


class Database:
    """A database: its engine and its transactions. What is asked of it stands in the stores of an archive.

    Safe to use from several threads, after a fork, and to send to other processes (only the URL travels).

    Parameters
    ----------
    url
        A resolved URL, see :func:`nashforge.archive.storage.location.resolve_url`.
    busy_timeout
        Seconds to wait for another writer (SQLite).
    start_seconds
        Seconds that connections are tried for until a server answers the first time.
    retry_seconds
        Seconds that they are tried for when it has answered before: it may be restarted.
    """

    def __init__(
        self,
        url: str,
        busy_timeout: float = 30.0,
        *,
        start_seconds: float = 0.0,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.url = url
        self.busy_timeout = busy_timeout
        self.start_seconds, self.retry_seconds = start_seconds, retry_seconds
        self._answered = False
        self._engine: Engine | None = None
        self._writing: Engine | None = None
        self._file = file_of(url)
        self._identity: tuple[int, int] | None = None
        self._pid = os.getpid()
        self._start_threads()
        register(self)

    def _start_threads(self) -> None:
        """Make what threads share, in a new process anew."""
        self._mutex = threading.Lock()
        self._turn = threading.Lock()
        self._local = threading.local()

    @property
    def location(self) -> str:
        """The place as it may be shown: a path, or a URL without its password."""
        return display(self.url)

    @property
    def engine(self) -> Engine:
        """The engine of this process."""
        self._follow_fork()
        with self._mutex:
            if self._engine is None:
                self._engine = make_engine(self.url, self.busy_timeout)
                self._writing = self._engine.execution_options(writing=True)
            return self._engine

    def _follow_fork(self) -> None:
        """Start anew in a child of the process that this was made in."""
        if self._pid != os.getpid():
            if self._engine is not None:
                _inherited.append(self._engine)
            self._engine, self._pid = None, os.getpid()
            self._start_threads()

    def release(self) -> None:
        """Close the idle connections of this process; those in use close when they are done."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()

    def close(self) -> None:
        """Close the connections of this process; new ones are opened if it is used again."""
        self.release()
        if self._pid == os.getpid():
            self._engine = self._identity = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.location!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _POLICY}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Database.__init__(self, **state)

    @property
    def uid(self) -> str:
        """Identity of this database, so that services of several archives can share a broker."""
        with self.reading() as connection:
            found = connection.scalar(select(InfoRow.value).where(InfoRow.key == "uid"))
        if found is None:
            raise NotAnArchive(f"{self.location} has lost its identity; restore a backup")
        return found

    def now(self) -> datetime:
        """Return the present by the database's clock: those of machines may differ."""
        with self.reading() as connection:
            return present(connection)

    def changes(self) -> Changes:
        """Return what tells whether anything was committed since it was asked the last time."""
        return Changes(self._file)

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a `transaction`."""
        return self._joined() is not None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what this thread does inside the block if it raises, and not the transaction around it."""
        with self.transaction() as connection, connection.begin_nested():
            yield

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Make everything this thread does inside the block one write: all of it is stored, or nothing.

        >>> with archive.database.transaction():                 # doctest: +SKIP
        ...     program = archive.programs.add(source, "cfr")
        ...     archive.candidates.add(run, program=program, operator="seed", proposer="offline")
        """
        current = self._joined()
        if current is not None:
            yield current
            return
        with (
            self._my_turn(),
            under_way(self.url),
            told_to_people(self.url),
            self._begun(writing=True) as connection,
        ):
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = None

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """Let threads write one after another: SQLite has one writer, and others sleep until it looks again.

        Who waits too long goes on, and hears from the database that it is busy.
        """
        with ExitStack() as held:
            if self._file is not None and self._turn.acquire(timeout=self.busy_timeout):
                held.callback(self._turn.release)
            yield

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read by: in the middle of this thread's `transaction`, that one's."""
        current = self._joined()
        if current is not None:
            yield current
            return
        with under_way(self.url), told_to_people(self.url), self._begun(writing=False) as connection:
            yield connection

    def _joined(self) -> Connection | None:
        """Return the connection of the write that this thread is in the middle of."""
        self._follow_fork()
        return getattr(self._local, "connection", None)

    @contextmanager
    def _begun(self, *, writing: bool) -> Iterator[Connection]:
        """Begin a transaction; wait for a server that restarts, and ask again where that does no harm."""
        seconds = self.retry_seconds if self._answered else self.start_seconds
        engine = self.engine
        if writing:
            assert self._writing is not None
            engine = self._writing
        if self._file is not None:
            self._require_in_place()
            with engine.connect() as connection:
                self._answered = True
                if self._identity is None:
                    self._identity = identity(self._file)
                with connection.begin():
                    yield connection
            return
        patient = connected(engine, time.monotonic() + seconds, PatientConnection)
        assert isinstance(patient, PatientConnection)
        self._answered = True
        with patient:
            patient.patience, patient.writing = self.retry_seconds, writing
            patient.begin()
            try:
                yield patient
            except BaseException:
                with suppress(DBAPIError):
                    patient.rollback()
                raise
            try:
                patient.commit()
            except DBAPIError as error:
                # What was read has been read, also if there is nobody left to say good-bye to.
                if writing or not error.connection_invalidated:
                    raise

    def _require_in_place(self) -> None:
        """Make sure that the name of a file still leads to what this process has open.

        What was deleted can be written to for ever, and is gone when the last process ends.
        """
        if self._identity is None or self._file is None:
            return
        found = identity(self._file)
        if found != self._identity:
            what = "deleted or moved" if found is None else "replaced by another file"
            raise ArchiveMoved(f"the archive {self.location} was {what} while it was in use")

    def rescue(self) -> Path | None:
        """Save what this process has open of a file that was deleted, moved or replaced; return where to.

        None if it cannot be saved, as no connection is open any more or the disk is full.
        """
        if self._file is None or self._engine is None:
            return None
        target = self._file.with_name(f"{self._file.stem}-saved-{os.getpid()}{self._file.suffix}")
        pool: Any = self._engine.pool
        if not pool.checkedin() or target.exists():
            return None
        connection = pool.connect()
        try:
            # A copy for its owner alone, as archives are, and whole: what stands in the journal comes along.
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(target)) as copy:
                connection.driver_connection.backup(copy)
        except (sqlite3.Error, OSError):
            target.unlink(missing_ok=True)
            return None
        finally:
            connection.close()
        return target

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read everything as it is at one moment; SQLite's transactions do so anyway."""
        options = {} if self._file is not None else {"isolation_level": "REPEATABLE READ"}
        engine = self.engine.execution_options(**options)
        self._require_in_place()
        with under_way(self.url), told_to_people(self.url), engine.begin() as connection:
            yield connection

    def __del__(self) -> None:
        # A dropped database closes its files at once instead of at some later collection.
        with suppress(AttributeError):
            self.release()


class Store:
    """Queries of one table of a database; every method is a transaction, or part of its thread's."""

    def __init__(self, database: Database) -> None:
        self._database = database
