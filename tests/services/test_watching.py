"""What those see who watch: commands, metrics, Flower."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import Archive
from nashforge.archive.work import AttemptState
from nashforge.evolve.service.executor import CeleryExecutor
from nashforge.evolve.service.settings import service_settings
from nashforge.evolve.service.spawning import free_port

from .conftest import ROOT, Service
from .test_runs import task


@pytest.fixture
def service(postgresql: str, redis: str, tmp_path: Path) -> Iterator[Service]:
    """A service on Redis."""
    made = Service(postgresql, redis, tmp_path)
    Archive.open(postgresql).close()
    yield made
    made.end()


def said(service: Service, *words: str) -> str:
    """Return what a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "nashforge", *words],
        cwd=ROOT,
        env={**os.environ, "NASHFORGE_DATABASE": service.database, "NASHFORGE_BROKER": service.broker},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def got(url: str) -> str | None:
    """Return what a server answers; None if it does not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def test_who_works_on_what(service: Service) -> None:
    port = free_port()
    with Archive.open(service.database) as archive:
        worker = service.worker("w1", "--grace", "0", "--metrics-port", str(port))
        run = archive.runs.create("cfr", {"max_evaluations": 3}, nickname="calm-lake")
        slow = task(iterations=1_000_000, games=("leduc_poker",))
        program = archive.programs.add(slow.source, "cfr")
        archive.candidates.add(run, program=program, operator="seed", proposer="library", index=0)
        executor = CeleryExecutor(archive, service_settings(service.broker), run=run)
        executor.submit(slow)
        executor.submit(task("b" * 32))
        service.wait(
            lambda: archive.queue.attempts(run=run)[0].state is AttemptState.RUNNING, "the claim", worker
        )
        status = json.loads(said(service, "workers", "--json"))
        (row,) = status["workers"]
        assert (row["worker"], row["state"], row["busy"], row["slots"]) == ("w1", "busy", 1, 1)
        (running,) = status["running"]
        assert (running["run"], running["candidate"], running["worker"]) == ("calm-lake", 0, "w1")
        assert running["program"] == program.nickname
        assert status["waiting"] == {"evaluate": 1}
        # The worker has one message, as many as it has slots, and leaves the other to others.
        assert status["messages"] == {"evaluate": 1, "propose": 0}
        text = said(service, "workers", "--no-json")
        assert "calm-lake" in text
        assert program.nickname in text
        work = json.loads(said(service, "status", "calm-lake", "--json"))["work"]
        assert [item["worker"] for item in work["running"]] == ["w1"]
        numbers: Any = got(f"http://127.0.0.1:{port}/metrics")
        assert "nashforge_busy_slots 1.0" in numbers
        assert 'nashforge_waiting{kind="evaluate"} 1.0' in numbers
        executor.close()
        worker.terminate()
        worker.wait(30.0)
        assert json.loads(said(service, "workers", "--json"))["workers"] == []
        (gone,) = json.loads(said(service, "workers", "--all", "--json"))["workers"]
        assert gone["state"] == "stopped"


def test_metrics_count_outcomes(service: Service) -> None:
    port = free_port()
    with Archive.open(service.database) as archive:
        service.worker("w1", "--metrics-port", str(port))
        executor = CeleryExecutor(
            archive, service_settings(service.broker), run=archive.runs.create("cfr", {})
        )
        executor.submit(task())
        assert executor.wait(60.0)
        counted = 'nashforge_work_total{kind="evaluate",outcome="ok"} 1.0'
        service.wait(lambda: counted in (got(f"http://127.0.0.1:{port}/metrics") or ""), "the count")
        executor.close()


def test_flower_shows_the_worker(service: Service) -> None:
    pytest.importorskip("flower")
    port = free_port()
    with Archive.open(service.database) as archive:
        service.worker("w1")
        with (service.folder / "flower.log").open("ab") as log:
            flower = subprocess.Popen(
                [sys.executable, "-m", "celery", f"--broker={service.broker}", "flower", f"--port={port}"],
                env={**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"},
                cwd=service.folder,
                stdout=log,
                stderr=log,
            )
        service.processes.append(flower)
        service.wait(
            lambda: "w1@" in (got(f"http://127.0.0.1:{port}/api/workers?refresh=1") or ""), "Flower", flower
        )
        workers = json.loads(got(f"http://127.0.0.1:{port}/api/workers") or "{}")
        (name,) = [name for name in workers if name.startswith("w1@")]
        assert {queue["name"] for queue in workers[name]["active_queues"]} == {
            f"nashforge-{archive.database.uid[:8]}-evaluate"
        }
        executor = CeleryExecutor(
            archive, service_settings(service.broker), run=archive.runs.create("cfr", {})
        )
        executor.submit(task())
        assert executor.wait(60.0)
        executor.close()

        def seen() -> bool:
            tasks = json.loads(got(f"http://127.0.0.1:{port}/api/tasks") or "{}")
            return any(t["name"] == "nashforge.evaluate" and t["state"] == "SUCCESS" for t in tasks.values())

        service.wait(seen, "the task in Flower", flower)
