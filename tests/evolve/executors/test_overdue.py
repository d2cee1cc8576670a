"""Processes that are past their time: who wants a processor goes on, who waits for nothing does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nashforge.evolve.executors.overdue import Overdue

SLEEPS = "import time; print(flush=True); time.sleep(3600)"
SPINS = "print(flush=True)\nwhile True: pass"
HAS_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


@contextmanager
def started(*arguments: str) -> Iterator[int]:
    """Start Python, wait until it, or its child, says something, and end it afterwards."""
    command = [sys.executable, "-c", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)


def test_who_computes_goes_on_until_it_had_its_time() -> None:
    with started(SPINS) as pid:
        patient, strict = Overdue(pid, 3600.0), Overdue(pid, 0.0)
        assert [patient.computes(), patient.computes(), patient.computes()] == [True, True, True]
        assert [strict.computes(), strict.computes()] == [True, False]


def test_what_a_process_started_counts_as_its_own() -> None:
    with started(HAS_A_CHILD, SPINS) as pid:
        overdue = Overdue(pid, 3600.0)
        assert [overdue.computes(), overdue.computes()] == [True, True]


def test_who_waits_for_what_never_comes_is_given_up() -> None:
    with started(HAS_A_CHILD, SLEEPS) as pid:
        overdue = Overdue(pid, 3600.0)
        for _ in range(1000):  # until it has gone to sleep
            if not overdue.computes():
                break
        assert not overdue.computes()
