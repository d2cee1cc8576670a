"""Shared helpers: short runs of programs on small games."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge import games
from nashforge.solvers.cfr.engine import CFR, Engine
from nashforge.solvers.cfr.rules import rule_names, rule_source
from nashforge.solvers.programs.session import NonFiniteOutputError, inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import Profile

GAMES = ("kuhn_poker", "kuhn_poker(players=3)")

# Rules that go from level to level of the tree, or keep their regrets in a method of their own, are read, but
# those are no parts to exchange: what is made from them is a stranger's program, which runs or not.
REWRITABLE = tuple(
    name for name in rule_names() if not any(part in rule_source(name) for part in (".levels", ".project("))
)


class Runner:
    """Runs programs on small games, in-process."""

    def __init__(self) -> None:
        self.forms = [games.compile(name) for name in GAMES]

    def averages(self, source: str, iterations: int = 50) -> list[Profile]:
        """Return the average profiles after some iterations; every policy on the way is checked."""
        found = []
        with np.errstate(all="ignore"):
            for form in self.forms:
                sessions = inline_sessions(lambda: load_module(source), CFR.arguments(form, iterations))
                engine = Engine(form, sessions)
                for _ in range(iterations):
                    engine.step()
                found.append(engine.policy())
        return found

    def works(self, source: str, iterations: int = 50) -> bool:
        """Whether a program runs and gives valid policies."""
        try:
            profiles = self.averages(source, iterations)
        except (ValueError, ArithmeticError, NonFiniteOutputError, NameError, AttributeError, TypeError):
            return False
        return all(np.isfinite(policy).all() for profile in profiles for policy in profile)


@pytest.fixture(scope="session")
def runner() -> Runner:
    """Return the runner, its games compiled once."""
    return Runner()
