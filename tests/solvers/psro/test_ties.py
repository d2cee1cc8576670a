"""Actions that are equally good are played equally often, however the numbers were rounded."""

import numpy as np
import pyspiel
import pytest

from nashforge import games
from nashforge.solvers.programs.session import inline_sessions
from nashforge.solvers.psro.engine import PSRO, Engine
from nashforge.solvers.psro.meta_solvers import LIBRARY

TIED = (
    "goofspiel(num_cards=4,imp_info=True,points_order=ascending)",
    "battleship(board_width=2,board_height=2,ship_sizes=[1;2],ship_values=[1;2],num_shots=2,"
    "allow_repeated_shots=False)",
    "blotto(coins=6,fields=3)",
    "dark_hex(num_rows=2,num_cols=2,gameversion=adh)",
)
"""Games full of actions whose values are sums of terms that cancel."""


def curve(form, solver):
    """Return the exploitability after each of eight iterations."""
    sessions = inline_sessions(lambda: LIBRARY.load(solver)[1], PSRO.arguments(form, 8))
    return np.array([point.gap for point in PSRO.run(form, sessions, 8, range(1, 9)).curve])


@pytest.mark.parametrize("name", TIED)
@pytest.mark.parametrize("solver", ["uniform", "nash", "fictitious_play", "alpharank"])
def test_neither_the_unit_of_payoffs_nor_the_order_of_the_tree_matters(solver, name):
    form = games.compile(name)
    plain = curve(form, solver)
    for factor in (0.01, 0.3, 100.0):
        assert np.allclose(curve(form.scaled(factor), solver) / factor, plain, rtol=1e-9, atol=1e-12)
    shuffled = games.disguise(form, 3, dummies=0.0, perturbation=0.0).form
    assert np.allclose(curve(shuffled, solver), plain, rtol=1e-9, atol=1e-12)


def test_a_zero_of_cancelled_terms_is_tied_with_zero():
    """0.1 + 0.2 - 0.3 is not zero in floating point; the second action is worth nothing exactly."""
    payoffs = [[0.1, 0.2, -0.3], [0.0, 0.0, 0.0]]
    form = games.compile(pyspiel.create_matrix_game(payoffs, (-np.array(payoffs)).tolist()))
    sessions = inline_sessions(lambda: LIBRARY.load("uniform")[1], PSRO.arguments(form, 1))
    engine = Engine(form, sessions, 1)
    engine.step()
    assert np.allclose(engine.plans[0][1, :2], 0.5)
