"""The helpers that rules act through, against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.solvers.cfr.interface import Infosets

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=20)


def build(counts):
    return Infosets(np.concatenate([[0], np.cumsum(counts)]))


@given(counts=sizes, seed=st.integers(0, 2**32 - 1))
def test_reductions_equal_loops(counts, seed):
    infosets = build(counts)
    x = np.random.default_rng(seed).normal(size=sum(counts))
    parts = np.split(x, np.cumsum(counts)[:-1])
    assert infosets.count == len(counts)
    assert infosets.sum(x) == pytest.approx([part.sum() for part in parts])
    assert infosets.max(x).tolist() == [part.max() for part in parts]
    assert infosets.min(x).tolist() == [part.min() for part in parts]
    assert infosets.mean(x) == pytest.approx([part.mean() for part in parts])
    assert infosets.spread(infosets.max(x)).tolist() == [part.max() for part in parts for _ in part]


@given(counts=sizes, seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-300, 1e-8, 1.0, 1e300]))
def test_normalize_gives_a_policy(counts, seed, scale):
    infosets = build(counts)
    x = np.random.default_rng(seed).normal(size=sum(counts)) * scale
    policy = infosets.normalize(x)
    assert (policy >= 0).all()
    assert infosets.sum(policy) == pytest.approx(np.ones(len(counts)))
    for part, weights in zip(
        np.split(policy, np.cumsum(counts)[:-1]), np.split(x, np.cumsum(counts)[:-1]), strict=True
    ):
        positive = np.maximum(weights / scale, 0)
        if positive.sum() > 0:
            assert part == pytest.approx(positive / positive.sum())
        else:
            assert part.tolist() == [1 / len(part)] * len(part)


def test_nothing_positive_gives_the_uniform_policy_exactly():
    infosets = build([3, 2])
    assert infosets.normalize(infosets.zeros()).tolist() == infosets.uniform().tolist()


def test_a_player_without_information_sets():
    infosets = Infosets([0])
    assert infosets.sum(np.zeros(0)).shape == infosets.max(np.zeros(0)).shape == (0,)
    assert infosets.normalize(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("start", [[], [1, 2], [0, 2, 2], [[0, 1]]])
def test_wrong_starts_are_refused(start):
    with pytest.raises(ValueError, match="start must be"):
        Infosets(start)
