"""Benchmarks that are killed while everything is frozen for them leave nothing frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.chaos.thawing import HIERARCHIES, PREFIX, end_abandoned, members
from nashforge.evolve.service.spawning import wait_until

from .conftest import ROOT

_FREEZING = """
import subprocess
from benchmarks.chaos.freezing import freeze
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
freeze(600.0)
"""


def freezer() -> tuple[Path, str, str]:
    """Return where groups are frozen here, by which file, and what it says then."""
    for place, file, frozen, _ in HIERARCHIES:
        group = place / f"{PREFIX}test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        known = (group / file).exists()
        group.rmdir()
        if known:
            return place, file, frozen
    pytest.skip("groups of processes cannot be frozen here")


@pytest.mark.parametrize("guarded", [True, False])
def test_what_a_killed_benchmark_froze_is_ended(guarded: bool) -> None:
    place, file, frozen = freezer()
    command = [sys.executable, "-c", _FREEZING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as benchmark:
        group = place / f"{PREFIX}{benchmark.pid}"
        assert benchmark.stdout is not None
        child = int(benchmark.stdout.readline())
        wait_until(lambda: child in members(group) and (group / file).read_text().strip() == frozen, 60.0)
        assert members(group) == [child]
        if not guarded:  # who stands by is killed, too
            for pid in _children(benchmark.pid) - {child}:
                os.kill(pid, signal.SIGKILL)
        benchmark.kill()
    if guarded:
        wait_until(lambda: not group.exists(), 60.0)
    else:
        assert members(group) == [child]
        assert end_abandoned() == [group.name]
    assert not group.exists()
    assert not Path(f"/proc/{child}").exists() or _state(child) == "Z"
    assert end_abandoned() == []


def _children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
