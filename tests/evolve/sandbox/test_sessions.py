"""What a session promises, and that it gives what the same program gives in this process."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashforge.evolve.sandbox import InvalidOutput, ProgramCrashed, ProgramRejected, Sandbox
from nashforge.solvers.programs.session import InlineSession, Session, load_module

Program = Callable[..., str]
Open = Callable[..., Any]


def test_results_equal_bit_for_bit(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    generator = np.random.default_rng(7)
    regrets = generator.standard_normal((50, 6)) * 1e3

    def play(session: Session) -> bytes:
        seen = b""
        for t in range(1, 51):
            session.inputs["regret"][...] = regrets[t - 1]
            session.inputs["reach"][...] = 1.0 / t
            session.call(t)
            seen += b"".join(session.outputs[name].tobytes() for name in ("policy", "keep", "add"))
        return seen

    with sandbox.session(program(), **game) as confined:
        assert play(confined) == play(InlineSession(load_module(program()), **game))


def test_outputs_are_fresh_and_may_be_kept(open_session: Open, program: Program) -> None:
    with open_session(program()) as session:
        session.inputs["regret"][...] = [1, 0, 1, 0, 1, 0]
        session.call(1, expect=["policy"])
        first = session.outputs["policy"]
        session.inputs["regret"][...] = [0, 3, 0, 3, 0, 3]
        session.call(2, expect=["policy"])
        np.testing.assert_array_equal(first, [1, 0, 1, 0, 1, 0])
        np.testing.assert_array_equal(session.outputs["policy"], [0.25, 0.75] * 3)
    first[...] = 5.0  # the caller's own


WRITES_ELSEWHERE = """if t == 2:
    try:
        raise ValueError
    except ValueError as error:
        host = error.__traceback__.tb_frame.f_back.f_locals["self"]
    host._policy = host._policy.copy()
return self.infosets.uniform()
"""
"""From the second call on its policies do not reach the shared array."""


def test_calls_expect_all_outputs_unless_told(open_session: Open, program: Program) -> None:
    with open_session(program(WRITES_ELSEWHERE)) as session:
        session.call(1)
        session.call(2, expect=("keep", "add"))
        with pytest.raises(InvalidOutput, match="output 'policy' is missing"):
            session.call(3)


def test_an_output_of_an_earlier_call_does_not_count(open_session: Open, program: Program) -> None:
    with open_session(program(WRITES_ELSEWHERE)) as session:
        session.call(1, expect=("policy",))
        with pytest.raises(InvalidOutput, match="'policy' is missing"):
            session.call(2, expect=("policy",))


def test_programs_cannot_change_inputs(open_session: Open) -> None:
    source = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer
class Rule(RegretMinimizer):
    def observe(self, t, regret): regret[...] = 5.0
    def weights(self, t, policy, reach): return 1, 0
    def policy(self, t): return self.infosets.uniform()
"""
    with open_session(source) as session:
        session.inputs["regret"][...] = 2.0
        session.call(1, expect=("policy",))
        assert session.inputs["regret"].tolist() == [2.0] * 6


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:", "SyntaxError on line 1"),
        ("x = 1\ny = (1", "SyntaxError on line 2"),
        ("x = 1", "exactly one subclass of RegretMinimizer; found none"),
        ("import os", "may not import 'os'"),
        ("import math, socket", "may not import 'socket'"),
        ("from . import x", "may not import"),
        ("from scipy import sparse", "may not import 'scipy'"),
        ("import nashforge.solvers.cfr.host", "may not import 'nashforge.solvers.cfr.host'"),
        ("import numpy.random", "results must be repeatable"),
        ("from numpy.random import default_rng", "results must be repeatable"),
        ("x = '\0'", "null byte"),
    ],
)
def test_rejections(open_session: Open, source: str, reason: str) -> None:
    with pytest.raises(ProgramRejected) as caught:
        open_session(source)
    assert reason in caught.value.reason


@pytest.mark.parametrize("preload", [[], ["numpy.random"]])
def test_confined_programs_have_no_random_numbers(
    game: dict[str, Any], program: Program, preload: list[str]
) -> None:
    policy = "return np.random.default_rng().random(6)"
    with Sandbox(["nashforge.solvers.cfr.host"], preload=preload) as sandbox:
        session = sandbox.session(program(policy), **game)
        with session, pytest.raises((ProgramRejected, ProgramCrashed), match=r"numpy\.random|random"):
            session.call(1, expect=("policy",))


def test_honest_imports_work(open_session: Open, program: Program) -> None:
    source = """
from __future__ import annotations
import collections.abc, functools, itertools, math, operator, typing, enum, heapq, bisect, abc, cmath, numbers
import numpy.linalg, warnings
from dataclasses import dataclass, field
from numpy.polynomial import Polynomial

@dataclass
class State:
    t: int = 0
    history: list[float] = field(default_factory=list)

state = State(1)
numpy.fft.fft(numpy.ones(4)), numpy.linalg.norm(numpy.ones(3)), numpy.ma.array([1.0])
numpy.einsum('i,i->', numpy.ones(3), numpy.ones(3)), numpy.percentile(numpy.arange(9.0), 30)
numpy.linalg.lstsq(numpy.eye(3), numpy.ones(3), rcond=None)
numpy.unique([1, 2, 1]), numpy.median(numpy.ones(3))
numpy.savetxt, numpy.array2string(numpy.ones(3)), repr(numpy.arange(2000.0)), Polynomial([1, 2])(3.0)
warnings.warn("shown in the log")
"""
    with open_session(source + program()) as session:
        session.call(1, expect=("policy",))
        assert session.outputs["policy"].tolist() == [0.5] * 6


def test_a_crash_names_the_line(open_session: Open, program: Program) -> None:
    session = open_session(program("numbers = {}\nreturn numbers['missing']"))
    with session, pytest.raises(ProgramCrashed) as caught:
        session.call(1, expect=("policy",))
    reason = caught.value.reason
    assert reason.startswith("KeyError: 'missing'")
    assert "in policy: return numbers['missing']" in reason
    assert "/" not in reason  # no paths of this machine


def test_a_crash_while_loading_is_a_crash(open_session: Open) -> None:
    with pytest.raises(ProgramCrashed, match="ZeroDivisionError"):
        open_session("x = 1 // 0")


@pytest.mark.parametrize(
    "what", ["SystemExit(0)", "KeyboardInterrupt()", "GeneratorExit()", "BaseException('x')"]
)
def test_exceptions_beyond_exception(
    sandbox: Sandbox, game: dict[str, Any], program: Program, what: str
) -> None:
    session = sandbox.session(program(f"raise {what}"), **game)
    with session, pytest.raises(ProgramCrashed, match=what.partition("(")[0]):
        session.call(1, expect=("policy",))


def test_an_exception_that_cannot_be_shown(open_session: Open, program: Program) -> None:
    policy = "class E(Exception):\n    def __str__(self): raise ValueError\nraise E"
    with open_session(program(policy)) as session, pytest.raises(ProgramCrashed, match="cannot be shown"):
        session.call(1, expect=("policy",))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("return np.ones(2)", "shape"),
        ("return None", "shape|NoneType"),
        ("return 'words'", "could not convert"),
        ("return np.full(6, np.nan)", "missing"),
        (
            "return np.array([0.5, np.inf] * 3)",
            r"3 of 6 entries that are not finite, the first \(inf\) at \[1\]",
        ),
        ("return np.zeros(6) / 0.0", "missing"),
    ],
)
def test_invalid_outputs(open_session: Open, program: Program, policy: str, reason: str) -> None:
    with open_session(program(policy)) as session, pytest.raises(InvalidOutput, match=reason):
        session.call(1, expect=("policy",))


def test_huge_but_finite_values_pass(open_session: Open, program: Program) -> None:
    with open_session(program("return np.full(6, -1.7e308)")) as session:
        session.call(1, expect=("policy",))
        assert session.outputs["policy"].tolist() == [-1.7e308] * 6


def test_a_failed_session_stays_failed(open_session: Open, program: Program) -> None:
    with open_session(program("return np.ones(2)")) as session:
        with pytest.raises(InvalidOutput) as first:
            session.call(1, expect=("policy",))
        with pytest.raises(InvalidOutput) as second:
            session.call(2, expect=("policy",))
    assert first.value is second.value


def test_a_closed_session_refuses_calls(open_session: Open, program: Program) -> None:
    session = open_session(program())
    session.call(1, expect=("policy",))
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.call(2, expect=("policy",))
    assert session.usage.calls == 1
    assert session.usage.cpu_seconds > 0


def test_outputs_must_be_floating_point(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    wrong = game | {"outputs": [("policy", (6,), "<i8")]}
    with pytest.raises(ValueError, match="'policy' has dtype '<i8'"):
        sandbox.session(program(), **wrong)


def test_failures_survive_pickling() -> None:
    failure = pickle.loads(pickle.dumps(ProgramCrashed("why", "printed")))
    assert (failure.reason, failure.log, failure.status) == ("why", "printed", "crashed")
