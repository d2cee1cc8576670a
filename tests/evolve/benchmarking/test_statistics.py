"""Statistics of the benchmark, by hand-computed values and by what must hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashforge.evolve.benchmarking.statistics import (
    Record,
    largest_difference,
    log_ratios,
    profile,
    ratios_to_best,
    record,
)

INF = float("inf")
GAPS = st.one_of(st.floats(1e-7, 1e3), st.just(INF))
TABLES = st.integers(1, 6).flatmap(lambda games: arrays(float, (3, games), elements=GAPS))


def array(*values: float) -> np.ndarray:
    return np.array(values)


def test_wins_ties_and_losses_by_hand() -> None:
    mine = array(1.0, 1.0, 1.0, 1.0, INF, INF, 1.0)
    others = array(2.0, 1.2, 0.83, 0.5, 3.0, INF, INF)
    # 1.2 is still a tie, 1 / 0.83 is 1.205; a failure loses to a value and ties with another failure.
    assert record(mine, others) == Record(wins=2, ties=2, losses=3)
    assert record(mine, others, tie=1.0) == Record(3, 1, 3)


def test_records_add_up() -> None:
    assert sum([Record(1, 2, 3), Record(10, 20, 30)], Record(0, 0, 0)) == Record(11, 22, 33)


def test_a_tie_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 1; got 0\.8"):
        record(array(1.0), array(1.0), tie=0.8)


@given(TABLES, st.floats(1, 10))
def test_records_mirror_each_other(values: np.ndarray, tie: float) -> None:
    mine, other = record(values[0], values[1], tie), record(values[1], values[0], tie)
    assert (mine.wins, mine.ties, mine.losses) == (other.losses, other.ties, other.wins)
    assert sum(mine) == values.shape[1]
    assert record(values[2], values[2], tie) == Record(0, values.shape[1], 0)


def test_log_ratios_by_hand() -> None:
    found = log_ratios(array(1e-3, 1e-1, INF, 1.0), array(1e-1, 1e-2, 1.0, INF))
    assert found[:2] == pytest.approx([2.0, -1.0])
    assert np.isnan(found[2:]).all()


def test_a_profile_by_hand() -> None:
    values = np.array([[1.0, 4.0, 1.0], [2.0, 1.0, 1.0], [10.0, INF, 3.0]])
    assert ratios_to_best(values).tolist() == [[1, 4, 1], [2, 1, 1], [10, INF, 3]]
    assert profile(values, [1, 2, 4, 100]) == pytest.approx(
        np.array([[2, 2, 3, 3], [2, 3, 3, 3], [0, 0, 1, 2]]) / 3
    )


def test_where_all_fail_nobody_is_near_the_best() -> None:
    assert profile(np.full((2, 1), INF), [1, 1e9]).tolist() == [[0, 0], [0, 0]]


def test_a_profile_of_no_games_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one game"):
        profile(np.empty((2, 0)), [1])


@given(TABLES, st.floats(0.01, 100))
def test_profiles_rise_have_a_best_and_know_no_units(values: np.ndarray, unit: float) -> None:
    factors = [1.0, 1.5, 10.0, 1e12]
    shares = profile(values, factors)
    assert (np.diff(shares, axis=1) >= 0).all()
    # In every game that anybody solves, somebody is the best; with no limit, all who did not fail count.
    assert shares[:, 0].sum() >= np.isfinite(values).any(axis=0).mean() - 1e-12
    assert shares[:, -1] == pytest.approx(np.isfinite(values).mean(axis=1))
    assert ratios_to_best(values * unit) == pytest.approx(ratios_to_best(values))


def test_differences_between_scales() -> None:
    assert largest_difference(array(1.0, 2.0, INF), array(1.0, 1.6, 1.0)) == pytest.approx(0.25)
    assert largest_difference(array(INF), array(1.0)) is None
