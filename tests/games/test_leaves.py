"""The canonical form of payoff tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nashforge.games.leaves import merge_leaves


def test_leaves_of_one_tuple_are_summed_and_all_are_sorted():
    sequences = np.array([[1, 0, 1, 0], [0, 2, 0, 1]], np.int32)
    payoffs = np.array([[1.0, 2.0, 4.0, 8.0], [-1.0, -2.0, -4.0, -8.0]])
    merged, utility, chance = merge_leaves(sequences, payoffs, np.array([0.1, 0.2, 0.3, 0.4]))
    assert merged.tolist() == [[0, 0, 1], [1, 2, 0]]
    assert utility.tolist() == [[8.0, 2.0, 5.0], [-8.0, -2.0, -5.0]]
    assert chance.tolist() == [0.4, 0.2, 0.4]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-9, 9)), min_size=1, max_size=30))
def test_what_a_tuple_pays_is_kept_whatever_the_order(leaves):
    first, second, paid = (np.array(column) for column in zip(*leaves))
    merged, utility, chance = merge_leaves(
        np.array([first, second], np.int32), np.array([paid, -paid], float), np.ones(len(leaves))
    )
    tuples = list(zip(*merged.tolist()))
    assert tuples == sorted(set(zip(first.tolist(), second.tolist())))
    for k, (a, b) in enumerate(tuples):
        here = (first == a) & (second == b)
        assert utility[:, k].tolist() == [paid[here].sum(), -paid[here].sum()]
        assert chance[k] == here.sum()
