"""Limits of the sandbox, what a program prints, and what it used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from nashforge.evolve.sandbox import (
    InvalidOutput,
    Limits,
    ProgramCrashed,
    ProgramOutOfMemory,
    ProgramRejected,
    ProgramTimeout,
    Sandbox,
    SandboxSession,
    SessionGroup,
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


BUSY = "total = 0\nfor k in range({rounds}):\n    total += k\nreturn self.infosets.uniform()"


def test_a_call_may_not_take_much_more_cpu_time_than_usual(
    sandbox: Sandbox, program: Program, game: dict[str, Any]
) -> None:
    session = sandbox.session(program(FOREVER), limits=Limits(call_cpu_seconds=0.001), **game)
    with (
        session,
        pytest.raises(ProgramTimeout, match="than the 1 ms that a call may take on average") as raised,
    ):
        session.call(1, expect=("policy",))
    assert raised.value.usage.cpu_seconds < 5  # of the 10 s that a call may last


def test_what_calls_do_not_use_is_not_saved_for_a_long_one(
    sandbox: Sandbox, program: Program, game: dict[str, Any]
) -> None:
    # The last call takes some tenths of a second, far less than the 5 s that all calls together may take.
    late = "for _ in range(20_000_000 if t == 1000 else 0): pass\nreturn self.infosets.uniform()"
    with sandbox.session(program(late), limits=Limits(call_cpu_seconds=0.005), **game) as session:
        for t in range(1, 1000):
            session.call(t)
        with pytest.raises(ProgramTimeout, match="than the 5 ms that a call may take"):
            session.call(1000)


def test_replying_first_and_computing_afterwards_is_noticed(
    sandbox: Sandbox, program: Program, game: dict[str, Any]
) -> None:
    """The process answers by itself, and goes on while the engine is busy with something else."""
    early = """names = np.__builtins__ if isinstance(np.__builtins__, dict) else vars(np.__builtins__)
load = names["__import__"]
os, struct = load("os"), load("struct")
host = None
try:
    raise ValueError
except ValueError as error:
    host = error.__traceback__.tb_frame.f_back.f_locals["self"]
while True:
    host._policy[...] = 0.5
    host._keep[...] = host._add[...] = 1.0
    os.write(4, struct.pack("<q", t))
    for _ in range(3_000_000):
        pass
    t = struct.unpack("<qq", os.read(3, 16))[0]
"""

    def play(session: SandboxSession) -> None:
        for t in range(1, 101):
            session.call(t)
            time.sleep(0.2)  # what the engine takes, in which the process can do its work

    with (
        sandbox.session(program(early), limits=Limits(call_cpu_seconds=0.001), **game) as session,
        pytest.raises(ProgramTimeout, match="than the 1 ms that a call may take"),
    ):
        play(session)


def test_limits_are_for_all_processes_of_a_program_together(
    sandbox: Sandbox, program: Program, game: dict[str, Any]
) -> None:
    source = "print('loading')\n" + program(BUSY.format(rounds=300_000))

    def play(sessions: SessionGroup) -> None:
        for t in range(1, 10_000):
            for session in sessions:
                session.call(t)

    with (
        sandbox.sessions(source, [game] * 4, limits=Limits(cpu_seconds=1.0)) as sessions,
        pytest.raises(ProgramTimeout, match="used up its 1 s of CPU time") as raised,
    ):
        play(sessions)
    # The kernel's limit, of a second for each process, would end them after four.
    total = sum(session.usage.cpu_seconds for session in sessions)
    assert total < 2.0
    assert raised.value.usage.cpu_seconds == pytest.approx(total)
    assert raised.value.log == "loading\n" * 4


def test_memory_and_log_are_shared_out(sandbox: Sandbox, program: Program, game: dict[str, Any]) -> None:
    greedy = program("self.kept = np.ones(48 << 17)\nreturn self.infosets.uniform()")
    with sandbox.session(greedy, limits=Limits(memory_bytes=128 << 20), **game) as session:
        session.call(1)
    with (
        sandbox.sessions(greedy, [game] * 4, limits=Limits(memory_bytes=128 << 20)) as sessions,
        pytest.raises(ProgramOutOfMemory),
    ):
        sessions[2].call(1)
    noisy = program("print('x' * 3000)\nreturn self.infosets.uniform()")
    with sandbox.sessions(noisy, [game] * 2, limits=Limits(log_bytes=5000)) as sessions:
        for session in sessions:
            session.call(1)
    assert [len(session.log) for session in sessions] == [2500, 2500]


def test_when_one_process_fails_all_end(sandbox: Sandbox, program: Program, game: dict[str, Any]) -> None:
    lonely = game | {"setup": {"horizon": 7, "start": [0, 2, 4, 6]}}
    source = program("if self.horizon == 7: raise ValueError('seven')\nreturn self.infosets.uniform()")
    sessions = sandbox.sessions(source, [game, lonely, game])
    sessions[0].call(1)
    with pytest.raises(ProgramCrashed, match="seven"):
        sessions[1].call(1)
    assert [session.pid for session in sessions] == [None] * 3
    with pytest.raises(ProgramCrashed, match="seven"):
        sessions[2].call(1)
    assert sessions.usage.calls >= 1


def test_a_program_that_one_player_cannot_load_does_not_run(
    sandbox: Sandbox, program: Program, game: dict[str, Any]
) -> None:
    lonely = game | {"setup": {"horizon": 7, "start": [0, 2, 4, 6]}}
    source = program().replace("self.regret = self", "assert self.horizon != 7; self.regret = self")
    with pytest.raises(ProgramCrashed, match="AssertionError"):
        sandbox.sessions(source, [game, lonely])
