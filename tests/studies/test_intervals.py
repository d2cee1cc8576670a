"""Intervals over runs are Student's for means, and hold what they promise for cross-play."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.studies.intervals import jackknife


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.random.default_rng(0).normal(size=7)
    found = jackknife(lambda runs: float(values[runs].mean()), 7)
    low, high = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), low, high))


def test_intervals_of_cross_play_cover_the_truth() -> None:
    """Each run brings a skill to both seats; a plain standard error over pairs covers far less often."""
    rng = np.random.default_rng(1)
    runs, trials, covered, plain = 6, 400, 0, 0
    strangers = ~np.eye(runs, dtype=bool)
    for _ in range(trials):
        skill = rng.normal(size=(2, runs))
        matrix = skill[0][:, None] + skill[1] + 0.3 * rng.normal(size=(runs, runs))

        def mean(kept: np.ndarray, matrix: np.ndarray = matrix) -> float:
            part = matrix[np.ix_(kept, kept)]
            return float(part[~np.eye(len(kept), dtype=bool)].mean())

        found = jackknife(mean, runs)
        assert found.value == pytest.approx(matrix[strangers].mean())
        covered += found.low <= 0 <= found.high
        plain += abs(matrix[strangers].mean()) <= 2.04 * stats.sem(matrix[strangers])
    assert 0.91 < covered / trials <= 1.0
    assert plain / trials < 0.85


def test_pairs_need_three_runs() -> None:
    with pytest.raises(ValueError, match="at least 3 runs; got 2"):
        jackknife(lambda runs: 0.0, 2)
