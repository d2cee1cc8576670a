"""Projection onto the simplex: against the conditions of optimality, and the compiled one."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.solvers.programs.simplex import project
from nashforge.solvers.psro import interface


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_the_nearest_strategy_keeps_what_exceeds_one_threshold(size: int) -> None:
    """Of a projection, positive entries have moved by the same amount, and zeros by at most so much."""
    rows = np.random.default_rng(size).normal(scale=2.0, size=(50, size))
    found = project(rows)
    assert np.allclose(found.sum(axis=1), 1.0)
    assert (found >= 0).all()
    for row, strategy in zip(rows, found, strict=True):
        moved = (row - strategy)[strategy > 0]
        assert np.ptp(moved) < 1e-12
        assert (row[strategy == 0] <= moved[0] + 1e-12).all()
        assert np.array_equal(project(row), strategy)


def test_it_is_that_of_meta_solvers_without_a_least_weight() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 7))
    assert project(rows) == pytest.approx(interface.project(rows), abs=1e-14)
