"""Worker processes on this machine: ended with their executor, and, in these tests, handed on by it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from nashforge.evolve.domains.cfr import CFRDomain
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.executors.local import LocalExecutor

pytestmark = pytest.mark.slow


def answered():
    """Have a new executor answer one task; return its worker's process and the status."""
    with closing(LocalExecutor(1)) as executor:
        task = Task(token="0" * 32, domain="cfr", source="", stages=(CFRDomain().smoke(10),))
        executor.submit(task)
        [worker] = executor._workers
        [report] = executor.wait()
        return worker.process, report.status


def test_a_closed_executor_leaves_no_process(own_workers):
    process, _ = answered()
    assert process.poll() is not None


def test_a_worker_is_handed_on_in_its_environment_alone(monkeypatch, tmp_path):
    with ThreadPoolExecutor(1) as thread:
        first, status = thread.submit(answered).result()
    assert first.poll() is None, "it does not end with the thread that wanted it"
    monkeypatch.setenv("NASHFORGE_DATABASE", str(tmp_path / "mine.db"))
    assert answered() == (first, status), "no worker is told of the archive"
    monkeypatch.setenv("NASHFORGE_CACHE", str(tmp_path))
    other, again = answered()
    assert other is not first
    assert again == status
