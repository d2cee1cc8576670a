"""Servers of one's own: Redis, RabbitMQ and PostgreSQL from the machine's installed binaries.

Each runs as a child of this process, on a free port of this machine alone, with its files in one folder, and
ends with this process. For trials on one machine, and for tests that kill servers.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from nashforge.evolve.service.settings import ServiceError
from nashforge.evolve.service.spawning import find_binary, free_port, spawn, wait_until

_SOCKET = "redis.sock"
_UNPRIVILEGED = ("postgres", "nobody")


class Server(ABC):
    """A server as a child process.

    Parameters
    ----------
    folder
        Where its files are; made if it is not there.
    port
        Where it listens; by default a free one, kept when it is started again.
    """

    binary: str
    start_seconds = 60.0
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.password = self._secret()

    @classmethod
    def installed(cls) -> bool:
        """Whether the machine has it."""
        return find_binary(cls.binary) is not None

    @property
    @abstractmethod
    def url(self) -> str:
        """URL to reach it, password included."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """Return the command that runs it in the foreground."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it can be used."""

    def _prepare(self) -> None:  # noqa: B027  some need nothing
        """Make its files, if they are not there."""

    def _options(self) -> dict[str, Any]:
        return {}

    def _program(self, name: str) -> str:
        path = find_binary(name)
        if path is None:
            raise ServiceError(f"{name} is not installed; install it, or name a server that runs elsewhere")
        return path

    def _secret(self) -> str:
        """Return the password of the folder: the same when a server is started on the same files again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "password"
        if not path.exists():
            path.touch(0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()

    def start(self) -> Self:
        """Start it, and wait until it answers.

        Raises
        ------
        ServiceError
            If it is not installed or does not start; with the last line of its log.
        """
        self._prepare()
        log = self.folder / "log"
        process = self._process = spawn(
            self._command(), log, ends_by=self.stop_signal, cwd=self.folder, **self._options()
        )
        try:
            wait_until(lambda: process.poll() is not None or self._answers(), self.start_seconds)
        except BaseException:
            self.stop()  # whoever waits may be asked to end
            raise
        if process.poll() is not None or not self._answers():
            self.kill()
            lines = log.read_text(errors="replace").strip().splitlines() or ["it left no message"]
            raise ServiceError(f"{self.binary} did not start ({lines[-1]}); see {log}")
        return self

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether it can be used."""
        return self._answers()

    def stop(self) -> None:
        """End it politely. Harmless when repeated."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it at once, without a chance to write anything down."""
        self._end(self.kill_signal)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            process.wait(30.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # What listened may have been a child, which ends a little later.
        wait_until(lambda: not self._listens(), 10.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _listens(self, port: int | None = None) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", port or self.port)) == 0


class Redis(Server):
    """Redis without a disk: whatever it holds is gone when it ends."""

    binary = "redis-server"

    @property
    def url(self) -> str:
        """URL to reach it, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _command(self) -> Sequence[str]:
        return [self._program(self.binary), str(self.folder / "redis.conf")]

    def _prepare(self) -> None:
        config = self.folder / "redis.conf"
        config.touch(0o600)
        config.write_text(
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\nappendonly no\n'
            f"unixsocket {_SOCKET}\nunixsocketperm 700\n"
        )

    def _answers(self) -> bool:
        # By its socket in the folder: who listens on the port may be another, who is not told the password.
        try:
            with self._socket() as line, line.makefile("rb") as said:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return [said.readline().strip(), said.readline().strip()] == [b"+OK", b"+PONG"]
        except OSError:
            return False

    @contextlib.contextmanager
    def _socket(self) -> Iterator[socket.socket]:
        """Connect to the socket in the folder, whose path may be longer than addresses are."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        place = f"/proc/self/fd/{folder}" if sys.platform == "linux" else str(self.folder)
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(3.0)
                line.connect(f"{place}/{_SOCKET}")
                yield line
        finally:
            os.close(folder)


class RabbitMQ(Server):
    """RabbitMQ as a node of its own; it knows the user ``guest``, from this machine only.

    Nodes register with a daemon of Erlang, epmd, and one that finds none starts one that outlives it. So it
    has a daemon of its own, which ends with it.
    """

    binary = "rabbitmq-server"
    start_seconds = 600.0  # ten on an idle machine; on a busy one it is slow rather than stuck

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._registrar: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """URL to reach it."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def _command(self) -> Sequence[str]:
        return [self._program(self.binary)]

    def _prepare(self) -> None:
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndistribution.listener.interface = 127.0.0.1\n"
        )
        self._distribution, self._registry = free_port(), free_port()
        daemon = [self._program("epmd"), "-port", str(self._registry), "-address", "127.0.0.1"]
        self._registrar = spawn(daemon, self.folder / "log", cwd=self.folder)
        wait_until(lambda: self._listens(self._registry), 10.0)

    def _options(self) -> dict[str, Any]:
        own = {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._registry),
            "RABBITMQ_NODENAME": f"nashforge-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
        }
        return {"env": {**os.environ, **own}}

    def _answers(self) -> bool:
        return self._listens()

    def _end(self, number: signal.Signals) -> None:
        # The script that was started is not the server: its whole session ends.
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        super()._end(number)
        if self._registrar is not None:
            self._registrar.kill()
            self._registrar.wait()
            self._registrar = None


class PostgreSQL(Server):
    """A PostgreSQL cluster, with a user and a database called ``nashforge``."""

    binary = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: does not wait for those who are connected
    kill_signal = signal.SIGQUIT  # immediate shutdown: a crash, but for no process being left behind

    @property
    def url(self) -> str:
        """URL to reach it, password included."""
        return f"postgresql://nashforge:{self.password}@127.0.0.1:{self.port}/nashforge"

    def _account(self) -> dict[str, Any]:
        """Return whom it runs as: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        for name in _UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(name)
                return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
        raise ServiceError("PostgreSQL refuses to run as root; use another account")

    def _options(self) -> dict[str, Any]:
        return self._account()

    def _command(self) -> Sequence[str]:
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1"]
        settings.append(f"unix_socket_directories={self._data}")
        options = [word for setting in settings for word in ("-c", setting)]
        return [self._program(self.binary), "-D", str(self._data), *options]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> None:
        if (self._data / "PG_VERSION").exists():
            self._outlast()
            return
        account = self._account()
        if account:
            self._hand_over(account["user"], account["group"])
        # Made under another name, as whoever makes it may be asked to end.
        begun = self.folder / "data.begun"
        shutil.rmtree(begun, ignore_errors=True)
        command = [self._program("initdb"), "-D", str(begun), "-U", "nashforge", "-E", "UTF8"]
        secured = ["-A", "scram-sha-256", f"--pwfile={self.folder / 'password'}", "--locale=C"]
        done = subprocess.run(
            [*command, *secured], capture_output=True, text=True, cwd=self.folder, check=False, **account
        )
        if done.returncode:
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no message"]
            raise ServiceError(
                f"initdb could not make a cluster in {self._data} ({lines[-1]}); choose another folder"
            )
        begun.rename(self._data)

    def _outlast(self) -> None:
        """Wait for a server that ends on the same files, as its parent was killed a moment ago."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            file = self._data / "postmaster.pid"
            pid = int(file.read_text().split()[0])
            wait_until(lambda: not (file.exists() and Path(f"/proc/{pid}").exists()), 10.0)

    def _hand_over(self, user: int, group: int) -> None:
        closed = [path for path in self.folder.parents if not path.stat().st_mode & 0o001]
        if closed:
            raise ServiceError(
                f"PostgreSQL does not run as root, and other users cannot enter {closed[0]}; choose another "
                "folder, for example below /var/tmp"
            )
        for path in (self.folder, self.folder / "password"):
            os.chown(path, user, group)

    def _answers(self) -> bool:
        import psycopg

        if not self._listens():
            return False
        # By its socket in the folder, which nobody else can listen on.
        place: dict[str, Any] = {"host": str(self._data), "port": self.port, "dbname": "postgres"}
        place |= {"user": "nashforge", "password": self.password}
        try:
            with psycopg.connect(**place, autocommit=True, connect_timeout=3) as server:
                known = server.execute("SELECT 1 FROM pg_database WHERE datname = 'nashforge'").fetchone()
                if known is None:
                    server.execute("CREATE DATABASE nashforge")
        except psycopg.OperationalError:
            return False
        return True
