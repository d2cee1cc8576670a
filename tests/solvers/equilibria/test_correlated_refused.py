"""What has no correlated equilibrium is refused in a sentence."""

import numpy as np
import pytest

from nashforge.solvers.equilibria.correlated.one_shot import (
    CorrelatedError,
    correlated_equilibrium,
    payoff_tensors,
)

CHICKEN = [np.array([[6.0, 2.0], [7.0, 0.0]]), np.array([[6.0, 7.0], [2.0, 0.0]])]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("leduc_poker",), "one-shot"),
        ((CHICKEN, "nash"), "no kind 'nash'"),
        ((CHICKEN, "ce", "wealth"), "no objective 'wealth'"),
        (([np.ones((2, 2)), np.ones((2, 3))],), "one shape"),
        (([np.full((2, 2), np.nan)] * 2,), "finite"),
        (([np.zeros((0, 2))] * 2,), "at least one action"),
        (([np.array([["a"]])] * 2,), "must be numbers"),
    ],
)
def test_what_has_no_such_equilibrium_is_said(arguments, words):
    with pytest.raises(CorrelatedError, match=words):
        correlated_equilibrium(*arguments)


def test_games_that_are_too_large_are_refused_before_they_take_memory():
    with pytest.raises(CorrelatedError, match="at most"):
        correlated_equilibrium([np.zeros((440, 450))] * 2)
    with pytest.raises(CorrelatedError, match="at most"):
        payoff_tensors("normal_matrix(players=6,actions=8,seed=1)")
