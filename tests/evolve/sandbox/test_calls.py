"""The system calls that are left: enough for honest programs, on every processor that is supported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.sandbox.kernel import ALLOWED_CALLS, FATAL_CALLS, RESTRICTED_CALLS, seccomp_supported

seccompy = pytest.importorskip("seccompy")
Program = Callable[..., str]

WORK = """
import numpy as np
builtins_ = np.__builtins__ if isinstance(np.__builtins__, dict) else vars(np.__builtins__)
load = builtins_["__import__"]
os, time = load("os"), load("time")

def allocate():
    # What comes from brk, what is mapped, what grows, what is given back, and huge pages.
    kept = [bytearray(n) for n in range(1, 200_000, 997)]
    grown = []
    for k in range(300_000):
        grown.append(k)
    block = bytearray(1 << 20)
    for _ in range(40):
        block += bytes(1 << 19)
    del kept, grown, block
    for size in (10, 1000, 100_000, 8_000_000):
        a = np.ones(size)
        a = np.concatenate([a, a]) * 2
        a.resize(3 * size, refcheck=False)
        assert a[:size].sum() == 2 * size
    m = np.linalg.inv(np.eye(120) + 0.001 * np.arange(14400.0).reshape(120, 120) % 7)
    return float(abs(m).sum()) > 0

def clocks():
    now = [time.clock_gettime(clock) for clock in (0, 1, 2, 3, 4, 5, 6, 7)]
    time.sleep(0.001)
    return min(now) >= 0 and time.process_time() >= 0 and time.get_clock_info("monotonic").resolution > 0

def processors():
    return len(os.sched_getaffinity(0)) >= 1
"""


@pytest.mark.parametrize("what", ["allocate", "clocks", "processors"])
def test_honest_work_needs_no_more(
    sandbox: Sandbox, game: dict[str, Any], program: Program, what: str
) -> None:
    source = WORK + program(f"assert {what}() is True\nreturn self.infosets.uniform()")
    with sandbox.session(source, **game) as session:
        session.call(1, expect=("policy",))


def test_calls_exist_on_every_processor() -> None:
    # On ARM two of them have never existed.
    names = {*ALLOWED_CALLS, *RESTRICTED_CALLS, *FATAL_CALLS}
    assert names <= seccompy.syscalls.X86_64_SYSCALLS.keys()
    assert names - seccompy.syscalls.AARCH64_SYSCALLS.keys() == {"time", "poll"}


@pytest.mark.skipif(not seccomp_supported(), reason="no system-call filters here")
def test_a_call_is_in_one_list_only() -> None:
    lists = [*ALLOWED_CALLS, *RESTRICTED_CALLS, *FATAL_CALLS]
    assert len(lists) == len(set(lists))
    for _, bits, values in RESTRICTED_CALLS.values():
        assert all(value & ~bits == 0 for value in values)
