"""A database by itself: it waits for a server that is away, and joins the transaction of its thread."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text

from nashforge.archive import ArchiveError, DatabaseUnavailable
from nashforge.archive.storage.connections import silence
from nashforge.archive.storage.database import Database
from nashforge.archive.store import Archive
from nashforge.archive.stores import notices as notices_module
from nashforge.archive.stores.notices import Notices


class Gateway:
    """A port that leads to a server while it is open, and to nowhere while it is closed."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._silenced: set[socket.socket] = set()

    def open(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Cut every connection, and refuse new ones."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._listener, self._open = None, []

    def fall_silent(self) -> None:
        """Swallow whatever is written to the connections that there are; new ones work."""
        self._silenced.update(self._open)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source not in self._silenced:
                    sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def opening_soon(gateway: Gateway) -> Iterator[None]:
    timer = threading.Timer(0.5, gateway.open)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@pytest.fixture
def away(postgresql: str) -> Iterator[tuple[Gateway, str]]:
    """A server that is away, and its URL."""
    url = make_url(postgresql)
    gateway = Gateway(url.host or "127.0.0.1", url.port or 5432)
    yield gateway, url.set(host="127.0.0.1", port=gateway.port).render_as_string(hide_password=False)
    gateway.close()


def test_a_server_that_starts_is_waited_for(away: tuple[Gateway, str]) -> None:
    gateway, url = away
    with pytest.raises(DatabaseUnavailable):
        Archive.open(url)
    gateway.open()
    Archive.open(url).close()  # makes the tables
    gateway.close()
    with opening_soon(gateway), Archive.open(url, start_seconds=60.0) as archive:
        assert archive.runs.newest() == []


def test_a_server_that_answered_before_is_waited_for(away: tuple[Gateway, str]) -> None:
    gateway, url = away
    gateway.open()
    with Archive.open(url) as archive, Archive.open(url, retry_seconds=0.0) as impatient:
        gateway.close()
        archive.database.release()
        impatient.database.release()
        with pytest.raises(DatabaseUnavailable):
            impatient.runs.newest()
        with opening_soon(gateway):
            assert archive.runs.newest() == []


def test_what_travels_to_another_process_keeps_how_long_it_waits() -> None:
    database = Database("sqlite:////nowhere/a.db", 1.0, start_seconds=2.0, retry_seconds=3.0)
    copy = pickle.loads(pickle.dumps(database))
    assert (copy.url, copy.busy_timeout, copy.start_seconds, copy.retry_seconds) == (
        database.url,
        1.0,
        2.0,
        3.0,
    )


def test_reads_inside_a_transaction_see_it_and_savepoints_undo_a_part(archive: Archive) -> None:
    database = archive.database
    assert not database.in_transaction
    with database.transaction() as connection:
        assert database.in_transaction
        kept = archive.runs.create("cfr", {})
        with suppress(ZeroDivisionError), database.savepoint():
            archive.runs.create("psro", {})
            raise ZeroDivisionError
        with database.reading() as same:
            assert same is connection
        assert archive.runs.newest() == [kept]
    assert not database.in_transaction
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 1


def backend(connection: Connection) -> int:
    """Return the number of the server's process that serves a connection."""
    driver: Any = connection.connection.driver_connection
    return int(driver.info.backend_pid)


def cut(url: str, process: int) -> None:
    """Have the server end a session, as an administrator or a failover does."""
    with Database(url).transaction() as other:
        other.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})


def test_what_is_read_is_read_again_on_another_connection_when_it_was_cut(postgresql: str) -> None:
    with Archive.open(postgresql) as archive:
        run = archive.runs.create("cfr", {})
        with archive.database.reading() as connection:
            for _ in range(3):
                cut(postgresql, backend(connection))
                assert connection.scalars(text("SELECT id FROM runs")).all() == [run.id]
            cut(postgresql, backend(connection))
        with archive.database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM runs")) == 1


def test_a_write_is_repeated_only_while_nothing_can_have_been_lost(postgresql: str) -> None:
    with Archive.open(postgresql) as archive:
        with archive.database.transaction() as connection:
            cut(postgresql, backend(connection))
            first = archive.runs.create("cfr", {})
        assert archive.runs.newest() == [first]

        def cut_after(begin: Callable[[], object]) -> None:
            with archive.database.transaction() as connection, archive.database.savepoint():
                begin()
                cut(postgresql, backend(connection))
                archive.runs.create("rqe", {})

        for begin in (lambda: archive.runs.create("psro", {}), lambda: None):
            with pytest.raises(DatabaseUnavailable):
                cut_after(begin)
            assert archive.runs.newest() == [first]


def test_a_connection_that_fell_silent_is_given_up_for_another(
    away: tuple[Gateway, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "SILENT_SECONDS", 0.3)
    gateway, url = away
    gateway.open()
    with Archive.open(url) as archive:
        run = archive.runs.create("cfr", {})
        gateway.fall_silent()
        assert archive.runs.newest() == [run]
        with archive.database.reading() as connection:
            gateway.fall_silent()
            assert connection.scalar(text("SELECT count(*) FROM runs")) == 1

        def write() -> None:
            with archive.database.transaction():
                archive.runs.create("psro", {})
                gateway.fall_silent()
                archive.runs.create("psro", {})

        with pytest.raises(DatabaseUnavailable, match="dead"):
            write()
        assert archive.runs.newest() == [run]
        notices = Notices(archive.database.url, "news")
        notices.listen()
        deaf = notices._server
        gateway.fall_silent()
        monkeypatch.setattr(notices_module, "_QUIET_SECONDS", 0.0)
        notices.wait(0.1)
        assert deaf.closed, "a connection that brings no news is given up, too"
        notices.close()


def test_a_server_at_work_is_waited_for(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "SILENT_SECONDS", 0.3)
    with Database(postgresql).reading() as connection:
        process = backend(connection)
        assert connection.scalar(text("SELECT 7 FROM pg_sleep(1.0)")) == 7
        assert backend(connection) == process


def test_what_the_server_does_by_default_changes_nothing(postgresql: str) -> None:
    """As where an administrator has transactions serializable, or lets nobody write."""
    place = f"{postgresql}%20-cdefault_transaction_isolation%3Dserializable"
    with Archive.open(place) as archive:
        archive.runs.create("cfr", {})
        for begin in (archive.database.reading, archive.database.transaction):
            with begin() as connection:
                assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        with archive.database.snapshot() as connection:
            assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    standby = f"{postgresql}%20-cdefault_transaction_read_only%3Don"
    with Archive.open(standby) as archive:
        assert len(archive.runs.newest()) == 1
        with pytest.raises(DatabaseUnavailable, match="is it a standby"):
            archive.runs.create("cfr", {})


@pytest.mark.parametrize("name", ["\udcff", "a\ud800b"])
def test_what_is_no_text_is_told_wherever_it_is_looked_for(archive: Archive, name: str) -> None:
    for get in (archive.runs.get, archive.programs.get, archive.requests.get):
        with pytest.raises(ArchiveError, match="is no text that an archive could hold or find"):
            get(name)
