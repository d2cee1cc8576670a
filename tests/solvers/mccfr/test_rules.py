"""Which rules can be sampled, and that they wait for visits without changing what they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nashforge.solvers.cfr.interface import Infosets, RegretMinimizer
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.cfr.rules.dcfr import DCFR
from nashforge.solvers.mccfr.rules import NoSampledFormError, matched, sampled_names, sampled_rule
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.library import NotInLibraryError
from nashforge.solvers.programs.session import find_class

SAMPLED = ["cfr", "cfr_plus", "dcfr", "dcfr_plus", "hs_dcfr", "lcfr"]


def test_the_rules_that_can_be_sampled() -> None:
    assert sampled_names() == SAMPLED


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("gap", [1, 2, 7, 40])
def test_a_visit_makes_up_for_all_iterations_that_were_missed(name: str, gap: int) -> None:
    """The rule itself is told zeros in these."""
    rng, horizon = np.random.default_rng(3), 300
    rule = find_class(LIBRARY.load(name)[1], RegretMinimizer)(Infosets([0, 4]), horizon)
    lazy, regrets, since = sampled_rule(name, horizon), [0.0] * 4, 0
    for t in range(1, horizon + 1):
        told = rng.normal(size=4) if t % gap == 0 else np.zeros(4)
        rule.observe(t, told.copy())
        if t % gap == 0:
            lazy.add(regrets, told.tolist(), since, t)
            since = t
            np.testing.assert_allclose(regrets, rule.regret, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(matched(regrets), rule.policy(t), rtol=0, atol=1e-10)
        assert lazy.weight(t) == rule.weights(t, rule.policy(t), np.ones(4))[1]


def test_regrets_that_a_rule_erases_stay_erased() -> None:
    class Restarting(RegretMinimizer):
        def start(self):
            self.regret = self.infosets.zeros()

        def observe(self, t, regret):
            self.regret = self.regret * (t % 10 != 0) + regret

        def weights(self, t, policy, reach):
            return 1, 1

        def policy(self, t):
            return self.infosets.normalize(self.regret)

    rule = sampled_rule(Restarting, 100)
    regrets = [0.0, 0.0]
    rule.add(regrets, [3.0, 1.0], 0, 8)
    rule.add(regrets, [0.0, 1.0], 8, 9)
    assert regrets == [3.0, 2.0]
    rule.add(regrets, [0.0, 1.0], 9, 11)
    assert regrets == [0.0, 1.0]


@pytest.mark.parametrize("name", sorted(set(LIBRARY.names()) - set(SAMPLED)))
def test_other_rules_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(NoSampledFormError, match=rf"^{name} has no sampled form: .* is so of cfr, cfr_plus"):
        sampled_rule(name, 1000)


class Volatile(DCFR):
    """DCFR that begins to look at magnitudes late."""

    def observe(self, t, regret):
        super().observe(t, regret)
        if t > 600:
            self.regret = self.regret / (1 + np.abs(regret).max())


class Clipped(DCFR):
    """DCFR with a limit in units of payoff."""

    def observe(self, t, regret):
        super().observe(t, regret)
        self.regret = np.maximum(self.regret, -20.0)


class ByReach(DCFR):
    """DCFR whose average looks at reach."""

    def weights(self, t, policy, reach):
        return 1, float(reach[0])


class Sharp(DCFR):
    """DCFR that plays in proportion to squared regrets."""

    def policy(self, t):
        return self.infosets.normalize(np.maximum(self.regret, 0.0) ** 2)


class Faster(DCFR):
    """DCFR with another exponent."""

    alpha = 2.5


@pytest.mark.parametrize("rule", [Volatile, ByReach, Sharp])
def test_what_only_looks_like_a_discount_is_found_out(rule: type[RegretMinimizer]) -> None:
    with pytest.raises(NoSampledFormError, match=f"^{rule.__name__} has no sampled form"):
        sampled_rule(rule, 1000)


def test_a_limit_in_units_of_payoff_is_found_out() -> None:
    with pytest.raises(NoSampledFormError):
        sampled_rule(Clipped, 1000)


def test_rules_of_ones_own_are_taken(tmp_path: Path) -> None:
    assert sampled_rule(Faster, 100).name == "Faster"
    path = tmp_path / "mine.py"
    path.write_text(LIBRARY.source("dcfr").replace("alpha = 1.5", "alpha = 1.0"))
    assert sampled_rule(path, 100).name == "mine"


def test_what_is_no_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotInLibraryError, match="there is no rule 'dcf'"):
        sampled_rule("dcf", 10)
    path = tmp_path / "nothing.py"
    path.write_text("x = 1\n")
    with pytest.raises(ArgumentError, match="nothing is no CFR rule"):
        sampled_rule(path, 10)
