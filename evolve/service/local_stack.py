"""Everything that one machine needs to try the service: a database, a broker, a worker."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nashforge.archive.storage.location import resolve_url
from nashforge.evolve.executors.processes import DIRECTORY, python_command, python_environment
from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis, Server
from nashforge.evolve.service.settings import BROKER, ServiceError
from nashforge.evolve.service.spawning import free_port, spawn, wait_until
from nashforge.evolve.service.tending import Child, Tending

DATABASE = "NASHFORGE_DATABASE"
STATE_FILE = "service.json"
LOCK_FILE = "service.lock"


@dataclass(frozen=True)
class LocalStack:
    """The addresses of a local trial service.

    Attributes
    ----------
    started : tuple of str
        What was started for it, and ends with it.
    tend : callable
        To be called about once a second: starts again what has ended, and tells what does not answer.
    """

    database: str
    broker: str
    started: tuple[str, ...]
    tend: Callable[[], None] = lambda: None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point commands at it."""
        return {DATABASE: self.database, BROKER: self.broker}


@contextmanager
def local_stack(
    folder: Path,
    *,
    database: str | None = None,
    broker: str | None = None,
    slots: int | None = None,
    workers: int = 1,
    note: Callable[[str], None] = lambda text: None,
) -> Iterator[LocalStack]:
    """Start what is not there, and end it afterwards; what a database holds is kept in the folder.

    Parameters
    ----------
    folder
        For the files of the servers.
    database, broker
        URLs of servers that run elsewhere; None: start PostgreSQL, and Redis or RabbitMQ.
    slots
        Evaluations at the same time of each worker; None: one a core.
    workers
        Worker processes to start.
    note
        Called with a text for everything that was started.

    Raises
    ------
    ServiceError
        If a server is not installed or does not start, or a service is up in the folder already.
    """
    folder = folder.expanduser().absolute()
    with ExitStack() as stack:
        stack.enter_context(_locked(folder))
        tending = Tending(note)
        started = []
        if database is None:
            server: Server = stack.enter_context(
                PostgreSQL(folder / "postgresql", _port(folder, "postgresql"))
            )
            database = server.url
            started.append("PostgreSQL")
            tending.children.append(_tended("PostgreSQL", server))
            note(f"PostgreSQL listens at 127.0.0.1:{server.port}, with its files in {server.folder}")
        if broker is None:
            kind = next((kind for kind in (Redis, RabbitMQ) if kind.installed()), None)
            if kind is None:
                raise ServiceError(
                    "neither redis-server nor rabbitmq-server is installed; install one, or name a broker "
                    "that runs elsewhere with --broker"
                )
            server = stack.enter_context(kind(folder / kind.__name__.lower()))
            broker = server.url
            started.append(kind.__name__)
            tending.children.append(_tended(kind.__name__, server))
            note(f"{kind.__name__} listens at 127.0.0.1:{server.port}")
        made = LocalStack(database, broker, tuple(started), tending.tend)
        _remember(folder, made)
        stack.callback((folder / STATE_FILE).unlink, missing_ok=True)
        for number in range(1, workers + 1):
            log = folder / f"worker-{number}.log"
            worker = _Worker(partial(_worker, folder, made, slots, number))
            stack.callback(worker.end)
            tending.children.append(Child(f"worker {number}", log, worker.alive, worker.start))
            note(f"worker {number} started; it logs to {log}")
        yield made


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a folder for this process while it lives: two services would write over each other's files."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise ServiceError(
            f"the folder {folder} is somebody else's, who could read and replace what is in it; choose "
            "another --folder"
        )
    try:
        # Nobody else may open it, since whoever can may lock it; and no link of it is followed.
        lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(
            f"the lock {folder / LOCK_FILE} cannot be opened ({error.strerror}); remove it, or choose "
            "another --folder"
        ) from error
    with os.fdopen(lock, "r+") as file:
        os.fchmod(lock, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ServiceError(
                f"a service is up in {folder} already (process {file.read().strip() or 'unknown'}); use that "
                'one (eval "$(nashforge service env)"), end it, or choose another --folder'
            ) from error
        # What an earlier service remembers, killed before it could forget it, leads to nobody now.
        (folder / STATE_FILE).unlink(missing_ok=True)
        file.seek(0)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _is_locked(folder: Path) -> bool:
    """Whether a process has a service up in a folder."""
    try:
        with (folder / LOCK_FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _tended(name: str, server: Server) -> Child:
    return Child(name, server.folder / "log", lambda: server.alive, server.start, server.answers)


class _Worker:
    """A worker process, and those that were started in its place."""

    def __init__(self, make: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._make = make
        self._process = make()

    def alive(self) -> bool:
        return self._process.poll() is None

    def start(self) -> None:
        self._process = self._make()

    def end(self) -> None:
        _end(self._process)


def _port(folder: Path, name: str) -> int | None:
    """Return the port that a server had in the same folder, so that URLs stay true."""
    path = folder / f"{name}.port"
    if path.exists():
        return int(path.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    path.write_text(str(port))
    return port


def _remember(folder: Path, made: LocalStack) -> None:
    # It holds passwords.
    path = folder / STATE_FILE
    path.touch(0o600)
    path.write_text(json.dumps(made.environment))


def remembered(folder: Path) -> dict[str, str] | None:
    """Return the variables of the service that runs in a folder; None if none does."""
    folder = folder.expanduser().absolute()
    path = folder / STATE_FILE
    # One that was killed left its file behind.
    if not (path.exists() and _is_locked(folder)):
        return None
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _worker(folder: Path, made: LocalStack, slots: int | None, number: int) -> subprocess.Popen[bytes]:
    options = [] if slots is None else ["--slots", str(slots)]
    return spawn(
        python_command("nashforge", "worker", "--log-format", "json", *options),
        folder / f"worker-{number}.log",
        env=python_environment({**os.environ, **made.environment, DATABASE: resolve_url(made.database)}),
        cwd=DIRECTORY,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.poll() is not None, 10.0)
        process.kill()
    process.wait()
