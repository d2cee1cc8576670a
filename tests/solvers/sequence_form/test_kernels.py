"""The kernels on a treeplex small enough to compute by hand.

One information set of two actions at the root (sequences 0 and 1); below action 0 another one of three
(sequences 2, 3, 4). The empty sequence is the last, 5.
"""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.solvers.sequence_form import kernels

START = np.array([0, 2, 5], np.uint32)
PARENT = np.array([5, 0], np.uint32)
POLICY = np.array([0.25, 0.75, 0.5, 0.25, 0.25])
VALUE = np.array([1.0, 4.0, 8.0, -4.0, 0.0, 0.5])
"""Products of the six sequences; that of the empty sequence last."""


def planned(policy):
    plan, reach = np.empty(6), np.empty(5)
    bad = kernels.plan_pass(START, PARENT, np.array(policy, dtype=float), plan, reach)
    return bad, plan, reach


def test_plans_are_products_down_the_tree():
    bad, plan, reach = planned(POLICY)
    assert bad == -1
    assert plan.tolist() == [0.25, 0.75, 0.125, 0.0625, 0.0625, 1.0]
    assert reach.tolist() == [1.0, 1.0, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("policy", "bad"),
    [
        ([0.5, 0.5, 0.5, 0.25, 0.24], 1),
        ([0.5, 0.6, 0.5, 0.25, 0.25], 0),
        ([1.5, -0.5, 1.0, 0.0, 0.0], 0),
        ([0.5, 0.5, np.nan, 0.5, 0.5], 1),
        ([0.5, 0.5, np.inf, 0.0, 0.0], 1),
        ([0.0, 0.0, 0.0, 0.0, 0.0], 0),
        ([0.5, 0.5 + 1e-7, 1.0, 0.0, 0.0], -1),
    ],
)
def test_the_first_information_set_that_is_no_distribution_is_named(policy, bad):
    assert planned(policy)[0] == bad


def test_a_best_response_takes_the_maximum_everywhere():
    value = VALUE.copy()
    # Below: 8. At the root: max(1 + 8, 4) = 9.
    assert kernels.best_response_pass(START, PARENT, value) == 9.5
    assert value.tolist() == [9.0, 4.0, 8.0, -4.0, 0.0, 9.5]


@pytest.mark.parametrize("others", [1, 2, 3])
def test_the_product_is_the_payoff_weighed_by_the_reach_of_all_others(others):
    rng = np.random.default_rng(others)
    plans, payoff = rng.random(7), rng.normal(size=5)
    where = rng.integers(0, 7, size=(others, 5)).astype(np.uint32)
    rows, row_start = np.array([1, 3], np.uint32), np.array([0, 2, 5], np.uint32)
    out = np.full(4, np.nan)
    kernels.product(rows, row_start, where, payoff, plans, out)
    leaves = payoff * np.prod(plans[where], axis=0)
    assert out == pytest.approx([0.0, leaves[:2].sum(), 0.0, leaves[2:].sum()])


def averaged(cumulative):
    policy = np.full(5, np.nan)
    return kernels.average_pass(START, np.array(cumulative, dtype=float), policy), policy


def test_averages_are_normalised_and_uniform_where_nothing_was_added():
    bad, policy = averaged([1.0, 3.0, 0.0, 0.0, 0.0])
    assert bad == -1
    assert policy == pytest.approx([0.25, 0.75, 1 / 3, 1 / 3, 1 / 3])
    bad, policy = averaged([1e308, 1e308, 1e-320, 0.0, 1e-320])
    assert bad == -1
    assert policy == pytest.approx([0.5, 0.5, 0.5, 0.0, 0.5])


@pytest.mark.parametrize(
    ("cumulative", "bad"),
    [
        ([2.0, -1.0, 1.0, 1.0, 1.0], 0),
        ([1.0, 1.0, 1.0, 1.0, -1e-9], 1),
        ([1.0, np.nan, 1.0, 1.0, 1.0], 0),
        ([1.0, 1.0, 1.0, np.inf, 1.0], 1),
    ],
)
def test_weights_that_are_none_are_named(cumulative, bad):
    assert averaged(cumulative)[0] == bad


def moved(keep, add, policy=(0.5, 0.5, 1.0, 0.0, 0.0)):
    """Make one move from the policy above; return what is said of it, and the average."""
    average, plan, reach, played = (
        np.full(5, 8.0),
        np.empty(6),
        np.array([1, 1, 0.25, 0.25, 0.25]),
        POLICY.copy(),
    )
    weights = np.array(keep, dtype=float), np.array(add, dtype=float)
    bad = kernels.move_pass(START, PARENT, np.array(policy), *weights, played, plan, reach, average)
    return bad, average, played, reach


def test_a_move_folds_in_what_was_played_by_its_reach_and_plays_the_next():
    bad, average, played, reach = moved(keep=[0.5, 1.0], add=[2.0, 4.0])
    assert bad == -1
    assert average.tolist() == [4.5, 5.5, 8.5, 8.25, 8.25]
    assert played.tolist() == [0.5, 0.5, 1.0, 0.0, 0.0]
    assert reach.tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("keep", "add", "bad"),
    [
        ([1.0, -0.5], [1.0, 1.0], -3),
        ([1.0, 1.0], [-1.0, 1.0], -2),
        ([np.nan, 1.0], [1.0, 1.0], -2),
        ([1.0, 1.0], [1.0, np.inf], -3),
        ([0.0, 0.0], [0.0, 0.0], -1),
    ],
)
def test_weights_of_an_average_are_finite_and_not_negative(keep, add, bad):
    assert moved(keep, add)[0] == bad


def test_the_policy_that_follows_is_checked():
    assert moved([1.0, 1.0], [1.0, 1.0], policy=(0.5, 0.5, 1.0, 0.5, 0.0))[0] == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 6, 12])
def test_one_number_that_is_not_finite_is_found(bad, place):
    x = np.full(13, 1.7e308)
    assert kernels.finite(x)
    x[place] = bad
    assert not kernels.finite(x)
