"""Results that are finite numbers but no policies: the sandbox lets them through, the engine does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nashforge.evolve.sandbox import InvalidOutput, Sandbox
from nashforge.games import compile as compile_game
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.sequence_form.profile import PolicyError

PROGRAM = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer

class Cheat(RegretMinimizer):
    def observe(self, t, regret): pass
    def weights(self, t, policy, reach): return {weights}
    def policy(self, t): return {policy}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the strictest tier."""
    with Sandbox(["nashforge.solvers.cfr.host"]) as made:
        yield made


UNIFORM = "self.infosets.uniform()"


@pytest.mark.parametrize(
    ("policy", "weights", "reason"),
    [
        ("np.array([1.5, -0.5] * (self.infosets.sequences // 2))", "1, 1", "a policy must be .*non-negative"),
        ("10.0 * self.infosets.uniform()", "1, 1", "sum 10"),
        ("0.9 * self.infosets.uniform()", "1, 1", "sum 0.9"),
        ("self.infosets.zeros()", "1, 1", "sum 0"),
        (UNIFORM, "1, -1", "keep 1 and add -1"),
        (UNIFORM, "-1e-9, 1", "keep -1e-09 and add 1"),
        (UNIFORM, "1, np.append(np.ones(self.infosets.count - 1), -2)", "information set 5 .*add -2"),
        (UNIFORM, "1e300, 1", "the cumulative average must be finite"),
    ],
)
def test_engine_refuses_what_is_no_policy(sandbox: Sandbox, policy: str, weights: str, reason: str) -> None:
    form = compile_game("kuhn_poker")
    source = PROGRAM.replace("{policy}", policy).replace("{weights}", weights)
    arguments = CFR.arguments(form, 4)
    # The control: nothing but the engine's check stands between these numbers and a score.
    with sandbox.session(source, **arguments[0]) as session:
        session.call(1)
    with sandbox.sessions(source, arguments) as sessions, pytest.raises(PolicyError, match=reason):
        CFR.run(form, sessions, 4, [4])


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ("self.infosets.zeros()", "two values, keep and add; got a ndarray"),
        ("None", "two values, keep and add; got a NoneType"),
        ("1, 2, 3", "two values, keep and add; got 3 values"),
        ("policy, 1", r"for keep one number, or one an information set, shape \(6,\); got shape \(12,\)"),
        ("1, reach", r"for add one number, or one an information set, shape \(6,\); got shape \(12,\)"),
        ("np.nan, 1", "output 'keep' is missing"),
        ("1, np.inf", "output 'add' has 6 of 6 entries that are not finite"),
        ("1, 'much'", "could not convert string to float"),
    ],
)
def test_weights_that_are_none_are_invalid_output(sandbox: Sandbox, weights: str, reason: str) -> None:
    form = compile_game("kuhn_poker")
    source = PROGRAM.replace("{policy}", UNIFORM).replace("{weights}", weights)
    with (
        sandbox.sessions(source, CFR.arguments(form, 4)) as sessions,
        pytest.raises(InvalidOutput, match=reason),
    ):
        CFR.run(form, sessions, 4, [4])


@pytest.mark.parametrize("weights", ["1, 1", "0, 1", "np.ones(self.infosets.count), 3", "[1, 2.5]", "1, 0"])
def test_engine_accepts_what_is_a_policy(sandbox: Sandbox, weights: str) -> None:
    form = compile_game("kuhn_poker")
    source = PROGRAM.replace("{policy}", UNIFORM).replace("{weights}", weights)
    with sandbox.sessions(source, CFR.arguments(form, 4)) as sessions:
        assert CFR.run(form, sessions, 4, [4]).gap == pytest.approx(11 / 24, abs=1e-12)
