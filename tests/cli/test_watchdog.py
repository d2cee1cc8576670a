"""Processes that are asked to end while compiled code keeps Python from hearing it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nashforge.cli.watchdog import watchdog
from nashforge.cli.watchdog_process import watch

_PROCESSES = Path("/proc")

_STUCK = """
import ctypes, signal
from nashforge.cli.watchdog import watchdog
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: print("heard", flush=True))
with watchdog(once={once}, insisted={insisted}):
    compiled, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    compiled.pthread_mutex_lock(mutex)
    print("begun", flush=True)
    compiled.pthread_mutex_lock(mutex)  # for ever, and with Python's own lock held
"""


def _wait_until_asleep(number: int) -> None:
    """Wait until a process is in its lock; until then, Python may still hear signals."""
    while (_PROCESSES / str(number) / "stat").read_text().rpartition(")")[2].split()[0] != "S":
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.skipif(not _PROCESSES.exists(), reason="needs Linux's table of processes, to see one sleep")
@pytest.mark.parametrize(("once", "insisted", "signals"), [(0.2, 600.0, 1), (300.0, 0.2, 2)])
def test_who_does_not_hear_is_ended(once: float, insisted: float, signals: int) -> None:
    command = [sys.executable, "-c", _STUCK.format(once=once, insisted=insisted)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        _wait_until_asleep(process.pid)
        os.kill(process.pid, signal.SIGWINCH)  # nobody handles it, and it asks for nothing
        # Two of the same number, one after the other, may become one.
        for number in (signal.SIGTERM, signal.SIGHUP)[:signals]:
            os.kill(process.pid, number)
        said = process.stderr.read()
        assert process.wait() == -signal.SIGKILL
        assert process.stdout.read() == "", "no handler of Python was run"
    assert "asked to end and did not" in said


def test_who_ends_by_itself_is_left_alone() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with watchdog(once=600.0, insisted=600.0):
            signal.raise_signal(signal.SIGTERM)
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_signals_of_other_threads_are_nobodys() -> None:
    found: list[int] = []

    def work() -> None:
        with watchdog():
            found.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]


def test_the_first_request_sets_a_time_and_the_next_shorten_it() -> None:
    heard, told = os.pipe()
    try:
        os.write(told, bytes([signal.SIGALRM, signal.SIGINT, signal.SIGTERM]))
        assert watch(heard, os.getppid(), 600.0, 0.0)
        os.write(told, bytes([signal.SIGHUP]))
        assert watch(heard, os.getppid(), 0.0, 600.0)
        os.write(told, bytes([signal.SIGHUP]))
        os.close(told)
        assert not watch(heard, os.getppid(), 600.0, 600.0), "the other end is gone"
    finally:
        os.close(heard)
