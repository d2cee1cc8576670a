"""Regrets that are zero but for rounding are zero: games full of ties, in any order of summation."""

import numpy as np
import pyspiel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_spiel.python.algorithms.discounted_cfr import DCFRSolver
from open_spiel.python.algorithms.exploitability import nash_conv

from nashforge import games
from nashforge.solvers import solve
from nashforge.solvers.cfr.interface import Infosets

GOOFSPIEL = "goofspiel(num_cards=3,players=3,imp_info=True)"
TIED = (
    GOOFSPIEL,
    "leduc_poker",
    "liars_dice(dice_sides=3)",
    "blotto(coins=5,fields=3)",
    "battleship(board_width=2,board_height=2,ship_sizes=[2],ship_values=[2],num_shots=3,"
    "allow_repeated_shots=False)",
)


def test_a_rounded_zero_is_no_sure_action():
    """OpenSpiel's Python DCFR, which here sums in an order that gives an exact zero."""
    game = pyspiel.convert_to_turn_based(pyspiel.load_game(GOOFSPIEL))
    solver = DCFRSolver(game, alpha=1.5, beta=0, gamma=2)
    for _ in range(10):
        solver.evaluate_and_update_policy()
    theirs = nash_conv(game, solver.average_policy()) / 3
    assert theirs == pytest.approx(0.00097517, rel=1e-5)
    assert solve(GOOFSPIEL, "dcfr", 10).exploitability == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("name", TIED)
@pytest.mark.parametrize("rule", ["cfr", "cfr_plus", "dcfr", "pcfr_plus", "aod_cfr"])
def test_numbering_changes_no_score(name, rule):
    """Up to rounding, at iterations that do not amplify it yet."""
    form = games.compile(name)
    hidden = games.disguise(form, 2, permute=True, dummies=0.0, perturbation=0.0).form
    plain, permuted = ([point.gap for point in solve(f, rule, 20).curve] for f in (form, hidden))
    assert permuted == pytest.approx(plain, rel=1e-8)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_what_is_zero_does_not_depend_on_the_unit(scale):
    infosets = Infosets([0, 2, 4, 6, 8])
    x = scale * np.array([2.8e-17, -0.5, 1e-9, -0.5, 2.8e-17, 0.0, -1.0, -2.0])
    assert infosets.normalize(x).tolist() == [0.5, 0.5, 1.0, 0.0, 1.0, 0.0, 0.5, 0.5]


@given(st.lists(st.floats(-1e3, 1e3).filter(lambda v: v == 0 or abs(v) > 1e-6), min_size=2, max_size=6))
def test_what_stands_out_is_taken_as_it_is(values):
    x = np.array(values)
    positive = np.maximum(x, 0)
    expected = positive / positive.sum() if positive.any() else np.full(len(x), 1 / len(x))
    np.testing.assert_allclose(Infosets([0, len(x)]).normalize(x), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "rule", "iterations", "value"),
    [
        ("oshi_zumo(coins=4,size=1,horizon=3)", "cfr", 4, 0.5239535220028328),
        ("oshi_zumo(coins=4,size=1,horizon=3)", "cfr", 10, 0.2251045679),
        ("blotto(coins=5,fields=3)", "lcfr", 100, 6.422973945e-05),
        ("blotto(coins=5,fields=3)", "dcfr", 100, 1.681174031e-06),
        ("blotto(coins=5,fields=3)", "pcfr_plus", 100, 1.681174031e-06),
        (GOOFSPIEL, "dcfr", 100, 1.111223785e-06),
    ],
)
def test_scores_are_those_of_arithmetic_that_does_not_round(name, rule, iterations, value):
    """Fractions (the first, over the game tree) and 100 decimal digits (the others, over the sequence form).

    OpenSpiel takes rounded zeros for regrets in Oshi-Zumo and Blotto, and ends elsewhere: at 0.2234 in the
    second of these, at 0.0019 and 0.0047 in the next two.
    """
    assert solve(name, rule, iterations).exploitability == pytest.approx(value, rel=1e-7)
