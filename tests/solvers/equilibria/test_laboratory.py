"""The comparison with people reproduces the published distances."""

from __future__ import annotations

import pytest

from nashforge.solvers.equilibria.laboratory import CONCEPTS, PUBLISHED, compare_all, means


def test_mean_squared_distances_are_the_published_ones() -> None:
    found = compare_all()
    assert len(found) == 13
    average = means(found)
    for concept in CONCEPTS:
        assert average[concept] == pytest.approx(PUBLISHED[concept], rel=0.1)
    assert all(gap < 1e-9 for entry in found for gap in entry.gaps.values())
