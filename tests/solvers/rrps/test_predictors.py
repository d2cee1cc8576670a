"""Predictors against what they are said to be, counted from the whole history at every throw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.solvers.rrps.predictors import MOST_PREDICTORS, Side

ROUNDS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=90)
VIEWS = {"both": lambda s, o: (s, o), "self": lambda s, o: s, "other": lambda s, o: o}


def normalised(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum() if counts.sum() > 0 else np.full(3, 1 / 3)


def frequency(throws: list[int], memory: float) -> np.ndarray:
    counts = np.zeros(3)
    for age, throw in enumerate(reversed(throws)):
        counts[throw] += memory**age
    return normalised(counts)


@given(ROUNDS, st.sampled_from([0.0, 0.7, 1.0]))
def test_frequencies_and_steps(rounds: list[tuple[int, int]], memory: float) -> None:
    side, throws = Side(), [subject for subject, _ in rounds]
    side.frequency(memory), side.steps(memory)
    for each in rounds:
        side.learn(*each)
    assert side.frequency(memory) == pytest.approx(frequency(throws, memory))
    steps = frequency([(b - a) % 3 for a, b in pairwise(throws)], memory)
    assert side.steps(memory) == pytest.approx(np.roll(steps, throws[-1] if throws else 0))


@given(ROUNDS, st.integers(0, 3), st.sampled_from([0.6, 1.0]), st.sampled_from(sorted(VIEWS)))
def test_markov_chains(rounds: list[tuple[int, int]], order: int, memory: float, view: str) -> None:
    side = Side()
    for each in rounds:
        side.learn(*each)
    seen = [VIEWS[view](*each) for each in rounds]
    now = seen[len(seen) - order :]
    after = [rounds[k][0] for k in range(order, len(seen)) if seen[k - order : k] == now]
    assert side.markov(order, memory, view) == pytest.approx(frequency(after, memory))


@given(ROUNDS, st.integers(1, 9), st.sampled_from(sorted(VIEWS)))
def test_longest_matches(rounds: list[tuple[int, int]], longest: int, view: str) -> None:
    side = Side()
    side.match(longest, view)  # learns round by round, where others are made at the end
    for each in rounds:
        side.learn(*each)
    seen = [VIEWS[view](*each) for each in rounds]
    best, found = 0, None
    for end in range(1, len(seen)):
        length = 0
        while length < min(longest, end) and seen[end - 1 - length] == seen[-1 - length]:
            length += 1
        if length and length >= best:
            best, found = length, rounds[end][0]
    expected = np.full(3, 1 / 3) if found is None else np.eye(3)[found]
    assert np.array_equal(side.match(longest, view), expected)


def test_predictors_that_are_asked_late_know_the_whole_match() -> None:
    rng, early, late = np.random.default_rng(0), Side(), Side()
    for _ in range(200):
        early.match(7), early.markov(2, 0.9), early.steps(0.8)
        each = rng.integers(3, size=2).tolist()
        early.learn(*each)
        late.learn(*each)
    for name, arguments in (("match", (7,)), ("markov", (2, 0.9)), ("steps", (0.8,))):
        assert np.array_equal(getattr(early, name)(*arguments), getattr(late, name)(*arguments))


def test_parameters_stay_within_bounds() -> None:
    side = Side()
    side.learn(1, 0)
    assert np.array_equal(side.frequency(7.0), side.frequency(1.0))
    assert np.array_equal(side.markov(-3.2), side.markov(0))
    with pytest.raises(ValueError, match="the view is 'mine'; it must be one of both, self, other"):
        side.markov(1, 1.0, "mine")
    for k in range(MOST_PREDICTORS - 2):
        side.frequency(k / 1000)
    with pytest.raises(ValueError, match=f"at most {MOST_PREDICTORS} predictors"):
        side.frequency(0.9)
