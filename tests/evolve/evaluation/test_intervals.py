"""Intervals over runs are Student's for means; those over families draw whole families."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.evaluation.intervals import cluster_bootstrap, jackknife


def standard_error(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.random.default_rng(0).normal(size=7)
    found = jackknife(lambda runs: float(values[runs].mean()), 7)
    half = 2.4469119 * standard_error(values)  # Student's for seven values, as tables have it
    ends = (values.mean() - half, values.mean() + half)
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), *ends))


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
        plain += abs(matrix[strangers].mean()) <= 2.04 * standard_error(matrix[strangers])
    assert 0.91 < covered / trials <= 1.0
    assert plain / trials < 0.85


def test_pairs_need_three_runs() -> None:
    with pytest.raises(ValueError, match="at least 3 runs; got 2"):
        jackknife(lambda runs: 0.0, 2)


def test_families_are_drawn_whole() -> None:
    """With two families, the mean is that of one, of the other, or of both: quantiles follow from that."""
    values, families = [0.0, 0.0, 0.0, 4.0], ["a", "a", "a", "b"]
    found = cluster_bootstrap(values, families, np.random.default_rng(0))
    assert (found.value, found.low, found.high) == (1.0, 0.0, 4.0)
    # A quarter of the draws holds family a twice, a quarter b twice.
    half = cluster_bootstrap(values, families, np.random.default_rng(0), confidence=0.4)
    assert (half.low, half.high) == (1.0, 1.0)


def test_clusters_of_one_value_give_the_plain_bootstrap() -> None:
    values = np.random.default_rng(2).normal(size=40)
    found = cluster_bootstrap(list(values), range(40), np.random.default_rng(3), samples=20_000)
    means = np.random.default_rng(4).choice(values, (10_000, 40)).mean(axis=1)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, (0.025, 0.975)), abs=0.03)


def test_dependent_values_widen_the_interval() -> None:
    rng = np.random.default_rng(5)
    families = np.repeat(np.arange(10), 5)
    values = rng.normal(size=10)[families] + 0.1 * rng.normal(size=50)
    apart = cluster_bootstrap(list(values), range(50), np.random.default_rng(6))
    together = cluster_bootstrap(list(values), list(families), np.random.default_rng(6))
    assert together.high - together.low > 1.6 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("values", "clusters", "problem"),
    [
        ([1.0, 2.0], ["a", "a"], "at least 2 of them; got 1"),
        ([1.0], ["a", "b"], "1 values, 2 clusters"),
    ],
)
def test_clusters_that_tell_nothing_are_refused(
    values: list[float], clusters: list[str], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        cluster_bootstrap(values, clusters, np.random.default_rng(0))
