"""Limits of the sandbox, what a program prints, and what it used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from evolve.sandbox import (
    InvalidOutput,
    Limits,
    ProgramOutOfMemory,
    ProgramRejected,
    ProgramTimeout,
    Sandbox,
)

Program = Callable[..., str]
FOREVER = "while True: pass"


def calls(sandbox: Sandbox, game: dict[str, Any], source: str, limits: Limits, count: int) -> None:
    """Load a program and call it so many times: on a busy machine, either may be what takes too long."""
    with sandbox.session(source, limits=limits, **game) as session:
        for t in range(1, count + 1):
            session.call(t, expect=("policy",))


def test_deadline_of_a_call(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    # Were there no deadline, the limit on processor time would end it.
    limits = Limits(call_seconds=0.5, wall_seconds=600.0, cpu_seconds=3.0)
    with pytest.raises(ProgramTimeout, match=r"took longer than the 0\.5 s") as failed:
        calls(sandbox, game, program(FOREVER), limits, 1)
    assert failed.value.usage.wall_seconds >= 0.5


def test_a_call_gets_no_more_wall_time_than_is_left(
    sandbox: Sandbox, game: dict[str, Any], program: Program
) -> None:
    slow = program("if t > 3:\n    while True: pass\nreturn self.infosets.uniform()")
    limits = Limits(wall_seconds=1.5, call_seconds=600.0, cpu_seconds=30.0)
    with pytest.raises(ProgramTimeout, match=r"used up its 1\.5 s of wall time"):
        calls(sandbox, game, slow, limits, 4)


def test_wall_time_is_for_all_calls_together(
    sandbox: Sandbox, game: dict[str, Any], program: Program
) -> None:
    """Each call is far from its own limit, and no number of them may go on for ever."""
    slow = program("for _ in range(600_000): pass\nreturn self.infosets.uniform()")
    with pytest.raises(ProgramTimeout, match=r"used up its 1 s of wall time") as failed:
        calls(sandbox, game, slow, Limits(wall_seconds=1.0), 300)
    assert failed.value.usage.wall_seconds >= 1.0


def test_time_between_calls_does_not_count(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    began = time.monotonic()
    with sandbox.session(program(), **game) as session:
        time.sleep(0.2)
        session.call(1, expect=("policy",))
    assert 0 < session.usage.wall_seconds < time.monotonic() - began - 0.2


def test_processor_time(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    # However busy the machine is: only processor time is scarce.
    limits = Limits(cpu_seconds=0.5, call_seconds=600.0, wall_seconds=600.0)
    session = sandbox.session(program(FOREVER), limits=limits, **game)
    with session, pytest.raises(ProgramTimeout, match=r"used up its 0\.5 s of CPU time") as failed:
        session.call(1, expect=("policy",))
    assert failed.value.usage.cpu_seconds < 3.0


def test_memory(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    greedy = program("self.hoard = np.ones(16 << 20)\nreturn self.infosets.uniform()")
    session = sandbox.session(greedy, limits=Limits(memory_bytes=64 << 20), **game)
    with session, pytest.raises(ProgramOutOfMemory):
        session.call(1, expect=("policy",))
    with sandbox.session(greedy, limits=Limits(memory_bytes=256 << 20), **game) as session:
        session.call(1, expect=("policy",))
    assert session.usage.peak_memory_bytes > 128 << 20


def test_what_is_printed_is_kept(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    session = sandbox.session("print('loading')\n" + program("print('é', t)\nreturn np.ones(2)"), **game)
    with session, pytest.raises(InvalidOutput, match="shape") as caught:
        session.call(5, expect=("policy",))
    assert session.log == "loading\né 5\n"
    assert caught.value.log == session.log


def test_the_log_is_capped_and_harmless(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    noisy = program("print('\\x1b[31m' + 'x' * 10_000_000)\nreturn self.infosets.uniform()")
    with sandbox.session(noisy, limits=Limits(log_bytes=5000), **game) as session:
        for t in (1, 2, 3):
            session.call(t, expect=("policy",))
    assert len(session.log.encode()) <= 5000 + 2  # one control character became three bytes
    assert session.log.startswith("\N{REPLACEMENT CHARACTER}[31mxxx")


def test_long_source_is_rejected(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    source = program() + "#" * 1000
    with pytest.raises(ProgramRejected, match=f"has {len(source)} bytes, but programs may have at most 1000"):
        sandbox.session(source, limits=Limits(source_bytes=1000), **game)


@pytest.mark.parametrize("name", ["wall_seconds", "cpu_seconds", "memory_bytes", "call_seconds", "log_bytes"])
def test_limits_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0 but must be positive"):
        Limits(**{name: 0})
    with pytest.raises(ValueError, match="must be positive"):
        Limits(**{name: float("nan")})  # type: ignore[arg-type]


def test_too_many_or_too_large_numbers(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    with sandbox.session(program(), **game) as session:
        for numbers in (range(65), [1 << 63]):
            with pytest.raises(ValueError, match="at most 64 64-bit integers"):
                session.call(*numbers)
        session.call(1, expect=("policy",))
