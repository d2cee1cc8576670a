"""Shared pieces: one sandbox for all tests, and small programs for the CFR host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nashforge.evolve.sandbox import Limits, Sandbox, SandboxSession
from nashforge.solvers.cfr import host

HOST = "nashforge.solvers.cfr.host"

PROGRAM = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer

class Rule(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        {policy}
"""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the strictest tier."""
    with Sandbox([HOST]) as made:
        yield made


@pytest.fixture(scope="session")
def game() -> dict[str, Any]:
    """Arguments of the session of a player with 6 sequences in 3 information sets."""
    return {
        "host": HOST,
        "setup": {"horizon": 100, "start": [0, 2, 4, 6]},
        "inputs": host.inputs(6),
        "outputs": host.outputs(6, 3),
    }


@pytest.fixture
def program() -> Callable[[str], str]:
    """Return a function that makes a CFR+ program with another body of ``policy``."""

    def make(policy: str = "return self.infosets.normalize(self.regret)") -> str:
        return PROGRAM.replace("{policy}", policy.replace("\n", "\n        "))

    return make


@pytest.fixture
def open_session(sandbox: Sandbox, game: dict[str, Any]) -> Callable[..., SandboxSession]:
    """Return a function that opens a session for a source."""

    def make(source: str, limits: Limits | None = None) -> SandboxSession:
        return sandbox.session(source, limits=limits, **game)

    return make
