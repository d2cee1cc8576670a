"""What the service entrusts to whom: roles of the database, secrets, contents of messages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer
from sqlalchemy import create_engine, text

from nashforge.archive import Archive, ArchiveError
from nashforge.archive.work import AttemptState
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.service.broker import queue_name, task_name
from nashforge.evolve.service.executor import CeleryExecutor
from nashforge.evolve.service.servers import PostgreSQL
from nashforge.evolve.service.settings import service_settings
from nashforge.evolve.service.spawning import find_binary
from tests.processes import descendants, environment

from .conftest import ROOT, Service, missing
from .test_runs import task


@pytest.fixture
def service(postgresql: str, redis: str, tmp_path: Path) -> Iterator[Service]:
    """A service on Redis."""
    made = Service(postgresql, redis, tmp_path)
    Archive.open(postgresql).close()
    yield made
    made.end()


@pytest.fixture(scope="module")
def cluster(place: Path) -> Iterator[PostgreSQL]:
    """A cluster of one's own: roles are shared by all databases of a cluster."""
    if not PostgreSQL.installed():
        missing("PostgreSQL's programs are not installed")
    with PostgreSQL(place / "roles-postgresql") as server:
        yield server


def test_every_role_can_do_its_part_and_no_more(cluster: PostgreSQL, redis: str, tmp_path: Path) -> None:
    Archive.open(cluster.url).close()
    engine = create_engine(cluster.url.replace("postgresql:", "postgresql+psycopg:"))
    psql = find_binary("psql")
    assert psql is not None
    for _ in range(2):  # it may be repeated
        subprocess.run(
            [psql, "-v", "ON_ERROR_STOP=1", "-q", "-f", str(ROOT / "deploy" / "roles.sql"), cluster.url],
            check=True,
            capture_output=True,
        )
    with engine.begin() as connection:
        for role in ("coordinator", "worker", "reader"):
            connection.execute(text(f"ALTER ROLE nashforge_{role} PASSWORD 'secret-{role}'"))
    engine.dispose()

    def url(role: str) -> str:
        return f"postgresql://nashforge_{role}:secret-{role}@127.0.0.1:{cluster.port}/nashforge"

    service = Service(url("worker"), redis, tmp_path)
    try:
        service.worker("w1")
        with Archive.open(url("coordinator")) as archive:
            result = start_run(
                archive, service.config(final_test=True), name="with-roles", service=service_settings(redis)
            )
            assert result.evaluations == 8
            run = archive.runs.get("with-roles")
            with pytest.raises(ArchiveError, match="permission denied"):
                archive.runs.delete(run)
            with (
                archive.database.transaction() as connection,
                pytest.raises(Exception, match="permission denied"),
            ):
                connection.execute(text("UPDATE scores SET value = 0"))
    finally:
        service.end()
    with Archive.open(url("reader")) as archive:
        assert result.best is not None
        assert archive.candidates.get(result.best.id).program == result.best.program
        assert [w.name for w in archive.workers.registered()] == ["w1"]
        with pytest.raises(ArchiveError, match="permission denied"):
            archive.runs.create("cfr", {})
    with Archive.open(url("worker")) as archive:
        for forbidden in (
            lambda: archive.candidates.fitted(run),
            lambda: archive.evaluations.find(run=run),
            lambda: archive.programs.of(run),
            lambda: archive.calls.find(run=run),
            lambda: archive.programs.add("x = 1\n", "cfr"),
            lambda: archive.runs.set_value(run, "a", 1),
        ):
            with pytest.raises(ArchiveError, match="permission denied"):
                forbidden()


class Bomb:
    """Pickled, it would write a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.system, (f"touch {self.path}",))


def test_what_is_pickled_is_never_read(service: Service) -> None:
    with Archive.open(service.database) as archive:
        worker = service.worker("w1")
        name = queue_name(archive.database.uid, "evaluate")
        with Connection(service.broker) as connection:
            producer = Producer(connection.channel(), exchange=Exchange(name), serializer="pickle")
            headers = {"task": task_name("evaluate"), "id": "1"}
            body = ((Bomb(service.folder / "hacked"),), {}, {})
            producer.publish(body, routing_key=name, exchange="", headers=headers)
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, service_settings(service.broker), run=run)
        executor.submit(task())
        assert len(executor.wait(60.0)) == 1, "the worker goes on"
        executor.close()
        assert worker.poll() is None
        assert not (service.folder / "hacked").exists()
        assert "message_rejected" in service.log("w1")


def test_evaluations_hold_no_secrets(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv("MY_OWN_TOKEN", "token-secret")
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        executor = CeleryExecutor(archive, service_settings(service.broker), run=run)
        worker = service.worker("w1", "--grace", "0")
        executor.submit(task(iterations=1_000_000, games=("leduc_poker",)))
        service.wait(
            lambda: archive.queue.attempts(run=run)[0].state is AttemptState.RUNNING, "the claim", worker
        )
        service.wait(lambda: len(descendants(worker.pid)) >= 2, "the evaluation's processes", worker)
        environments = [told for pid in descendants(worker.pid) if (told := environment(pid))]
        assert environments
        for told in environments:
            assert b"sk-secret" not in told
            assert b"token-secret" not in told
            assert b"NASHFORGE_DATABASE" not in told
            assert b"NASHFORGE_BROKER" not in told
        executor.close()
