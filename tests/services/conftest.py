"""Real servers and real workers: those that run on this machine, or private ones from installed binaries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from nashforge.archive import Archive
from nashforge.evolve.config.run import RunConfig, load_config
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis, Server
from nashforge.evolve.service.settings import ServiceError, service_settings

ROOT = Path(__file__).resolve().parents[2]
TINY = 'name = "tiny"\npurpose = "Quick tests."\ngames = ["kuhn_poker"]\n'
QUICK = {
    "NASHFORGE_HEARTBEAT_SECONDS": "0.5",
    "NASHFORGE_STALE_SECONDS": "3",
    "NASHFORGE_SWEEP_SECONDS": "0.5",
    "NASHFORGE_MAX_ATTEMPTS": "9",
}
"""An impatient service, so that tests of patience end."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NASHFORGE_BROKER", raising=False)
    monkeypatch.setenv("NASHFORGE_DATABASE", str(tmp_path / "default.db"))


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that servers of other users can enter, too."""
    folder = Path(tempfile.mkdtemp(prefix="nashforge-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def missing(what: str) -> None:
    """Skip, or fail where services are required."""
    if os.environ.get("NASHFORGE_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what}, and NASHFORGE_REQUIRE_SERVICES=1 requires it")
    pytest.skip(what)


def broker_url(kind: type[Server], variable: str, usual: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a broker that runs, or of one that is started for this session."""
    named = os.environ.get(variable)
    broker = Broker(service_settings(named or usual), "probe")
    try:
        broker.require()
    except ServiceError as error:
        if named is not None or not kind.installed():
            missing(f"{error} (or name one in {variable})")
    else:
        yield named or usual
        return
    finally:
        broker.close()
    with kind(folder / kind.__name__) as server:
        yield server.url


@pytest.fixture(scope="session")
def redis(place: Path) -> Iterator[str]:
    """URL of a Redis server."""
    yield from broker_url(Redis, "NASHFORGE_TEST_REDIS", "redis://127.0.0.1:6379/9", place)


@pytest.fixture(scope="session")
def rabbitmq(place: Path) -> Iterator[str]:
    """URL of a RabbitMQ server."""
    usual = "amqp://guest:guest@127.0.0.1:5672//"
    yield from broker_url(RabbitMQ, "NASHFORGE_TEST_RABBITMQ", usual, place)


@pytest.fixture(scope="session")
def server(place: Path) -> Iterator[str]:
    """URL of a PostgreSQL server on which databases can be made."""
    named = os.environ.get("NASHFORGE_TEST_POSTGRESQL")
    usual = named or "postgresql+psycopg://root@127.0.0.1:5432/test"
    engine = create_engine(usual, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except OperationalError as error:
        if named is not None or not PostgreSQL.installed():
            missing(f"no PostgreSQL server at {usual} ({error.orig})")
    else:
        yield usual
        return
    finally:
        engine.dispose()
    with PostgreSQL(place / "PostgreSQL") as own:
        yield own.url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def postgresql(server: str) -> Iterator[str]:
    """URL of an empty database, dropped after the test."""
    name = f"nashforge_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield f"{server.rsplit('/', 1)[0]}/{name}"
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@dataclass
class Service:
    """A database, a broker, and the processes that tests start on them."""

    database: str
    broker: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str, log: str) -> subprocess.Popen[bytes]:
        """Start a command as a process of its own; what it says goes to a file."""
        out = (self.folder / log).open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "nashforge", *words],
            cwd=ROOT,
            env={**os.environ, "NASHFORGE_DATABASE": self.database, "NASHFORGE_BROKER": self.broker},
            stdout=out,
            stderr=out,
        )
        out.close()
        self.processes.append(process)
        return process

    def worker(self, name: str, *words: str, slots: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it is ready."""
        options = ("--name", name, "--slots", str(slots), "--log-format", "json", *words)
        process = self.start("worker", *options, log=f"{name}.log")
        self.wait(lambda: '"event": "ready"' in self.log(name), f"worker {name} to be ready", process)
        return process

    def log(self, name: str) -> str:
        """Return what a worker said."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def wait(
        self, condition: Callable[[], object], what: str, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        """Wait for a condition, as long as a process lives."""
        deadline = time.monotonic() + 240.0
        while not condition():
            if process is not None and process.poll() is not None:
                raise AssertionError(f"it ended with {process.returncode}: {self._said()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}: {self._said()}")
            time.sleep(0.05)

    def _said(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))

    def config(self, **options: object) -> RunConfig:
        """Return the configuration of a run of seconds on the workers."""
        suite = self.folder / "tiny.toml"
        suite.write_text(TINY)
        suites = {split: str(suite) for split in ("train", "validation", "test")}
        small = {
            "horizon": 40,
            "max_evaluations": 8,
            "lookahead": 2,
            "final_test": False,
            "fitness": {"reference": "dcfr"},  # one rather than four
        }
        return load_config({**suites, **small, "executor": "celery", **options})

    def end(self) -> None:
        """End what was started, and not politely: a worker would finish what it does, for half a minute."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> str:
    """URL of a broker of either kind."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def service(postgresql: str, broker: str, tmp_path: Path) -> Iterator[Service]:
    """A service with an empty archive and no worker yet."""
    made = Service(postgresql, broker, tmp_path)
    Archive.open(postgresql).close()
    yield made
    made.end()


@pytest.fixture
def archive(service: Service) -> Iterator[Archive]:
    """The archive of the service."""
    with Archive.open(service.database) as opened:
        yield opened
