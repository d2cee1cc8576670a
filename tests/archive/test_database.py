"""A database by itself: it waits for a server that is away, and joins the transaction of its thread."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import make_url, text

from nashforge.archive import DatabaseUnavailable
from nashforge.archive.storage.database import Database
from nashforge.archive.store import Archive


class Gateway:
    """A port that leads to a server while it is open, and to nowhere while it is closed."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []

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

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
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
