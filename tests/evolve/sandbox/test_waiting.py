"""Machines that are frozen or busy while a program runs: neither is the program's fault."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.evolve.sandbox import Limits, ProgramTimeout, Sandbox
from nashforge.evolve.sandbox.account import Excuses
from tests.processes import state

ROOT = Path(__file__).resolve().parents[3]

BUSY = """
for _ in range(12_000_000):
    pass
return self.infosets.uniform()
"""

EVALUATOR = """
import json, sys, time
from nashforge.evolve.sandbox import Limits, Sandbox
from nashforge.solvers.cfr import host

source, arrays = json.loads(sys.stdin.readline())
arrays |= {"inputs": host.inputs(6), "outputs": host.outputs(6, 3)}
limits = Limits(call_seconds=1.5, wall_seconds=2.0, cpu_seconds=60.0)
with Sandbox([arrays["host"]]) as sandbox, sandbox.session(source, limits=limits, **arrays) as session:
    print(session.pid, flush=True)
    session.call(1, expect=("policy",))
    print(f"answered {session.waited}", flush=True)
    session.call(2, expect=("policy",))
    print(f"{session.usage.wall_seconds} seconds", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_a_frozen_machine_fails_no_program(game: dict[str, Any], program: Callable[[str], str]) -> None:
    """All processes are stopped in the middle of a call, for longer than a call and all calls may take."""
    arrays = {"host": game["host"], "setup": game["setup"]}
    evaluator = subprocess.Popen(
        [sys.executable, "-c", EVALUATOR],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert evaluator.stdin is not None
    assert evaluator.stdout is not None
    try:
        evaluator.stdin.write(json.dumps([program(BUSY), arrays]) + "\n")
        evaluator.stdin.flush()
        child = int(evaluator.stdout.readline())
        for pid in (child, evaluator.pid):
            os.kill(pid, signal.SIGSTOP)
        while {state(child), state(evaluator.pid)} != {"T"}:
            time.sleep(0.01)
        time.sleep(2.5)
        for pid in (evaluator.pid, child):
            os.kill(pid, signal.SIGCONT)
        output, errors = evaluator.communicate(timeout=300)
    finally:
        evaluator.kill()
        evaluator.communicate()
    assert evaluator.returncode == 0, errors
    assert output.startswith("answered")
    assert float(output.split()[1]) < 2.5, "policies count slow answers by this"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not count delays")
def test_a_busy_machine_fails_no_program(
    sandbox: Sandbox, game: dict[str, Any], program: Callable[[str], str]
) -> None:
    """The program gets a processor for a small part of the time, as something else has nearly all of it."""
    core = min(os.sched_getaffinity(0))
    limits = Limits(call_seconds=0.4, wall_seconds=0.6, cpu_seconds=60.0)
    busy = program(BUSY.replace("12_000_000", "1_000_000"))
    with sandbox.session(busy, limits=limits, **game) as session:
        assert session.pid is not None
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            for pid in (session.pid, other.pid):
                os.sched_setaffinity(pid, {core})
            os.setpriority(os.PRIO_PROCESS, session.pid, 19)
            for count in (1, 2, 3):
                session.call(count, expect=("policy",))
        finally:
            other.kill()
            other.wait()
    assert session.usage.calls == 3


def test_a_program_that_sleeps_has_only_itself_to_blame(
    sandbox: Sandbox, game: dict[str, Any], program: Callable[[str], str]
) -> None:
    """It uses no processor and waits for none: nothing excuses it."""
    limits = Limits(call_seconds=0.2, wall_seconds=60.0, cpu_seconds=60.0)
    with sandbox.session(program(), limits=limits, **game) as session:
        assert session.pid is not None
        os.kill(session.pid, signal.SIGSTOP)
        with pytest.raises(ProgramTimeout, match=r"took longer than the 0\.2 s"):
            session.call(1, expect=("policy",))


class Pretender:
    """Looks busy whenever somebody looks, and sleeps in between: a millisecond a look is all it computes."""

    def __init__(self) -> None:
        self.cpu = 0.0

    def delayed_seconds(self) -> float:
        return 0.0

    def cpu_seconds(self) -> float:
        self.cpu += 0.001
        return self.cpu

    def wants_processor(self) -> bool:
        return True


class Starving(Pretender):
    """Waits for a processor all the time, of which the system counts nothing before it is over."""

    def cpu_seconds(self) -> float:
        return 0.0


def test_only_who_waits_for_a_processor_is_excused() -> None:
    def excused(child: Any) -> float:
        excuses = Excuses(child)
        return sum(excuses.of(1.0) for _ in range(100))

    assert excused(Starving()) == pytest.approx(100.0)
    assert excused(Pretender()) < 1.1, "one second at most, that of the last look"
