"""Runs that agents write, worked on by a thread, on one tiny game."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nashforge.archive import Archive, Run
from nashforge.evolve.agents import asking, telling
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.agents import proposer
from nashforge.evolve.runs.run import resume_run, start_run

PATIENCE = 600.0
OFTEN = 0.05
"""Seconds between two looks, of which there are four or fewer where agents think for minutes."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (asking, "POLL_SECONDS"),
        (telling, "POLL_SECONDS"),
        (proposer, "LOOK_SECONDS"),
    ):
        monkeypatch.setattr(module, name, OFTEN)


class Agency:
    """A run that agents write, and the core by which the test does what an agent would."""

    def __init__(self, archive: Archive, configure: Callable[..., Any]) -> None:
        self.archive, self._configure = archive, configure
        self.core = LocalCore(archive, Who("tester", "test 1"))
        self.result: Any = None
        self._thread: threading.Thread | None = None

    @property
    def run(self) -> Run:
        return self.archive.runs.get("agents")

    def start(self, **options: Any) -> None:
        fitness = {"kind": "log_ratio", "reference": "dcfr"}
        wanted = {
            "proposer": "agent",
            "start": ["cfr_plus"],
            "agent_fallback": "none",
            "final_test": False,
            "fitness": fitness,
        } | options
        config = self._configure(**wanted)
        self._work(lambda: start_run(self.archive, config, name="agents"))
        until(lambda: any(run.nickname == "agents" for run in self.archive.runs.newest()))

    def resume(self, **changes: Any) -> None:
        self._work(lambda: resume_run(self.archive, self.run, changes=changes))
        until(lambda: self.run.state == "running")

    def _work(self, execute: Callable[[], Any]) -> None:
        def work() -> None:
            self.result = execute()

        self._thread = threading.Thread(target=work)
        self._thread.start()

    def join(self) -> Any:
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.result

    def stop(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self.archive.runs.request_stop(self.run)
            self._thread.join(PATIENCE)

    def task(self, **options: Any) -> Any:
        [task] = self.core.ask("agents", wait=PATIENCE, **options).tasks
        return task


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@pytest.fixture
def agency(archive: Archive, tiny: Callable[..., Any]) -> Iterator[Agency]:
    made = Agency(archive, tiny)
    yield made
    made.stop()


def rule(name: str) -> str:
    """Return the source of a library rule."""
    return domain("cfr").source(name)
