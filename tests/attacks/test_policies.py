"""Results that are finite numbers but no policies: the sandbox lets them through, the engine does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evolve.sandbox import Sandbox
from games import compile as compile_game
from solvers.cfr.engine import run, session_arguments
from solvers.profile import PolicyError

PROGRAM = """
import numpy as np
from solvers.cfr.interface import RegretMinimizer

class Cheat(RegretMinimizer):
    def observe(self, t, regret): pass
    def accumulate(self, t, policy, reach, average): return {average}
    def policy(self, t): return {policy}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the strictest tier."""
    with Sandbox(["solvers.cfr.host"]) as made:
        yield made


@pytest.mark.parametrize(
    ("policy", "average"),
    [
        ("np.array([1.5, -0.5] * (self.infosets.sequences // 2))", "average + policy"),
        ("10.0 * self.infosets.uniform()", "average + policy"),
        ("0.9 * self.infosets.uniform()", "average + policy"),
        ("self.infosets.zeros()", "average + policy"),
        ("self.infosets.uniform()", "average - policy"),
    ],
)
def test_engine_refuses_what_is_no_policy(sandbox: Sandbox, policy: str, average: str) -> None:
    form = compile_game("kuhn_poker")
    source = PROGRAM.replace("{policy}", policy).replace("{average}", average)
    arguments = session_arguments(form, 4)
    # The control: nothing but the engine's check stands between these numbers and a score.
    with sandbox.session(source, **arguments) as session:
        session.call(0, 1, 1, expect=("policy0", "average0"))
    with sandbox.session(source, **arguments) as session, pytest.raises(PolicyError, match="non-negative"):
        run(form, session, 4, [4])


def test_engine_accepts_what_is_a_policy(sandbox: Sandbox) -> None:
    form = compile_game("kuhn_poker")
    source = PROGRAM.replace("{policy}", "self.infosets.uniform()").replace("{average}", "average + policy")
    with sandbox.session(source, **session_arguments(form, 4)) as session:
        assert run(form, session, 4, [4]).exploitability == pytest.approx(11 / 24, abs=1e-12)
