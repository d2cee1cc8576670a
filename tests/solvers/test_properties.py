"""What rules declare and what is found by playing: the unit of payoffs, and when the average begins."""

import warnings

import pytest

from nashforge import games
from nashforge.solvers import ScaleWarning, rule_source, solve
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.cfr.properties import (
    PropertyError,
    declared_first_average,
    declared_scale_free,
    properties,
)
from nashforge.solvers.cfr.rules.cfr_plus import CFRPlus

DECLARED = """    scale_free = False

    @classmethod
    def first_average(cls, horizon):
        return 7

"""


@pytest.mark.parametrize(
    ("rule", "free", "first"),
    [
        ("cfr_plus", True, 1),
        ("vad_cfr", False, 501),
        ("late_pcfr_plus", True, 501),
        ("mmd", False, 1),
        ("smooth_pcfr_plus", False, 1),
    ],
)
def test_properties_of_rules_of_the_library(rule, free, first):
    found = properties(rule_source(rule))
    assert (found.scale_free, found.first_average) == (free, first)


def test_what_is_not_declared_is_found_and_what_is_is_told():
    assert properties(rule_source("vad_cfr")).declared == ()
    assert properties(rule_source("vad_cfr"), 200).first_average is None
    assert properties(rule_source("late_pcfr_plus"), 60).first_average == 31
    declared = rule_source("cfr_plus").replace("    def start", DECLARED + "    def start", 1)
    found = properties(declared)
    assert (found.scale_free, found.first_average) == (False, 7)
    assert found.declared == ("scale_free", "first_average")


def test_a_constant_in_units_of_payoff_is_noticed():
    source = rule_source("cfr_plus").replace("self.regret + regret", "self.regret + np.minimum(regret, 0.3)")
    assert source != rule_source("cfr_plus")
    assert not properties(source).scale_free


def test_declarations_that_cannot_be_are_refused():
    class Odd(RegretMinimizer):
        scale_free = "yes"

        @classmethod
        def first_average(cls, horizon):
            return 0

    with pytest.raises(PropertyError, match="'yes'"):
        declared_scale_free(Odd)
    with pytest.raises(PropertyError, match=r"first_average\(10\) of Odd returns 0"):
        declared_first_average(Odd, 10)


def test_who_solves_a_game_of_unusual_payoffs_is_warned_of_constants():
    cents = games.compile("kuhn_poker").scaled(1000.0)
    with pytest.warns(ScaleWarning, match="mmd has constants in units of payoff"):
        solve(cents, "mmd", 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScaleWarning)
        solve(cents, "cfr_plus", 5)
        solve(cents, CFRPlus, 5)
        solve("kuhn_poker", "mmd", 5)
