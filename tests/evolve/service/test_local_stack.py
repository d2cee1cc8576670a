"""What `nashforge service up` starts beside the servers."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest

from nashforge.evolve.service.local_stack import _locked, local_stack, remembered
from nashforge.evolve.service.settings import ServiceError
from nashforge.evolve.service.spawning import free_port, wait_until
from nashforge.evolve.service.tending import HEALTH_SECONDS, LONGEST_PAUSE, Child, Tending

pytestmark = pytest.mark.slow


def test_its_workers_are_those_of_this_installation(tmp_path: Path) -> None:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    database = f"sqlite:///{tmp_path / 'archive.db'}"
    log = tmp_path / "worker-1.log"
    said: list[str] = []
    with local_stack(tmp_path, database=database, broker=broker, note=said.append) as stack:
        assert stack.started == ()
        assert remembered(tmp_path) == stack.environment
        wait_until(lambda: "Error" in log.read_text(), 120.0)
        # A second service would write over the files of the first.
        with pytest.raises(ServiceError, match=f"already .process {os.getpid()}"), local_stack(tmp_path):
            raise AssertionError("it was not refused")
        assert remembered(tmp_path) == stack.environment
        # A worker without a broker has ended, and another is started in its place.
        wait_until(lambda: stack.tend() or len(said) > 1, 120.0)
    assert said == [said[0], f"worker 1 has ended; it is started again (why it ended: {log})"]
    # Nobody listens there, which only a worker that has started finds out.
    assert broker in log.read_text()
    assert remembered(tmp_path) is None
    # Nor is one up that was killed and has left its file behind.
    (tmp_path / "service.json").write_text("{}")
    assert remembered(tmp_path) is None


def test_nobody_else_has_a_hand_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "service.lock").symlink_to(victim)
    with pytest.raises(ServiceError, match=r"service\.lock cannot be opened"), local_stack(folder):
        raise AssertionError("it was not refused")
    assert victim.read_text() == "precious"
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ServiceError, match="somebody else's"), local_stack(folder):
        raise AssertionError("it was not refused")


def test_what_an_earlier_service_remembers_is_told_to_nobody_as_the_next_one_starts(
    tmp_path: Path,
) -> None:
    lock, told = tmp_path / "service.lock", tmp_path / "service.json"
    lock.touch(0o644)
    told.write_text("{}")
    with _locked(tmp_path):
        assert not told.exists()
        assert lock.stat().st_mode & 0o777 == 0o600
        assert remembered(tmp_path) is None


def test_a_restart_that_the_system_refuses_ends_nothing_else() -> None:
    def refused() -> None:
        raise OSError(28, "No space left on device")

    said: list[str] = []
    Tending(said.append, [Child("Redis", Path("/logs/redis"), lambda: False, refused)]).tend()
    assert "No space left on device" in said[-1]


def test_what_ends_again_and_again_is_started_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said, starts = [0.0], list[str](), list[float]()
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def fails() -> None:
        starts.append(clock[0])
        raise ServiceError("its disk is full")

    tending = Tending(said.append, [Child("Redis", Path("/logs/redis"), lambda: False, fails)])
    for clock[0] in range(600):
        tending.tend()
    pauses = [after - before for before, after in pairwise(starts)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert set(pauses[6:]) == {LONGEST_PAUSE}
    assert "Redis is tried again in 1 s: its disk is full" in said


def test_what_does_not_answer_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said, answers = [0.0], list[str](), [False]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    child = Child("PostgreSQL", Path("/log"), lambda: True, lambda: None, lambda: answers[0])
    tending = Tending(said.append, [child])
    for answers[0] in (False, True):
        for _ in range(9):
            clock[0] += HEALTH_SECONDS
            tending.tend()
    assert said == ["PostgreSQL runs but does not answer; its log is /log", "PostgreSQL answers again"]
