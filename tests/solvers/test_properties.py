"""What rules declare and what is found by playing: the unit of payoffs, and when the average begins."""

import warnings

import pytest

from nashforge import games
from nashforge.solvers import ScaleWarning, rule_source, solve
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.cfr.properties import (
    PropertyError,
    check_declared,
    declared_first_average,
    declared_scale_free,
    properties,
)
from nashforge.solvers.cfr.rules.cfr_plus import CFRPlus


def declaring(rule, *lines):
    """Return the source of a rule of the library with other declarations, or without."""
    source = rule_source(rule)
    kept = [
        line for line in source.splitlines() if not line.startswith(("    scale_free", "    first_average"))
    ]
    at = next(place for place, line in enumerate(kept) if line.startswith("class "))
    return "\n".join([*kept[: at + 1], *(f"    {line}" for line in lines), *kept[at + 1 :]])


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
    assert properties(rule_source("vad_cfr")).declared == ("scale_free", "first_average")
    assert properties(rule_source("vad_cfr"), 200).first_average is None
    assert properties(rule_source("late_pcfr_plus"), 60).first_average == 31
    for rule, free, first in (("vad_cfr", False, 501), ("late_pcfr_plus", True, 501)):
        found = properties(declaring(rule))
        assert (found.scale_free, found.first_average, found.declared) == (free, first, ())
    found = properties(declaring("cfr_plus", "scale_free = False", "first_average = 7"))
    assert (found.scale_free, found.first_average) == (False, 7)


@pytest.mark.parametrize(
    ("rule", "line", "told"),
    [
        ("cfr_plus", "scale_free = False", "scale_free = False, but .* change nothing"),
        ("mmd", "scale_free = True", "scale_free = True, but .* change what it plays"),
        ("cfr_plus", "first_average = 7", "from iteration 7 of 40 on; its average begins in iteration 1"),
        ("late_pcfr_plus", "first_average = 0.25", "from iteration 11 of 40 on; .* in iteration 21"),
        ("vad_cfr", "first_average = 0.5", "from iteration 21 of 40 on; its average begins later"),
    ],
)
def test_what_is_declared_is_checked_by_playing(rule, line, told):
    with pytest.raises(PropertyError, match=told):
        check_declared(declaring(rule, line), 40)


def test_a_constant_in_units_of_payoff_is_noticed():
    source = declaring("cfr_plus").replace("self.regret + regret", "self.regret + np.minimum(regret, 0.3)")
    assert source != declaring("cfr_plus")
    assert not properties(source).scale_free


@pytest.mark.parametrize("said", [0, 1.5, True, "late"])
def test_declarations_that_cannot_be_are_refused(said):
    class Odd(RegretMinimizer):
        scale_free = "yes"
        first_average = said

    with pytest.raises(PropertyError, match="'yes'"):
        declared_scale_free(Odd)
    with pytest.raises(PropertyError, match=f"first_average of Odd is {said!r}"):
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
