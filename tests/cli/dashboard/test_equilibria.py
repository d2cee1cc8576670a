"""The page of equilibria: pictures agree with the payoffs, and nothing but payoffs is taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.cli.dashboard.charts.responses import MARGIN, SIDE, simplex, square

from .markup import Page, check_inert

PAYOFFS = st.integers(-3, 3)
MATRICES = st.lists(PAYOFFS, min_size=4, max_size=4).map(lambda v: np.array(v, dtype=float).reshape(2, 2))


def corners(shape):
    """Return a line's corners as probabilities."""
    pairs = (corner.split(",") for corner in shape.points.split())
    return [((float(x) - MARGIN) / SIDE, 1 - (float(y) - MARGIN) / SIDE) for x, y in pairs]


@given(MATRICES, MATRICES)
def test_lines_of_a_square_are_best_responses(first, second):
    mine, theirs = (corners(line) for line in square((first, second), []).lines)
    for x, y in mine:
        value = np.array([1 - x, x])[::-1] @ first @ np.array([y, 1 - y])
        assert value >= (first @ np.array([y, 1 - y])).max() - 0.05
    for x, y in theirs:
        value = np.array([x, 1 - x]) @ second @ np.array([y, 1 - y])
        assert value >= (np.array([x, 1 - x]) @ second).max() - 0.05
    assert {0.0, 1.0} <= {round(y, 6) for _, y in mine}, "against every strategy of the other"
    assert {0.0, 1.0} <= {round(x, 6) for x, _ in theirs}


def test_regions_of_a_triangle_are_those_of_the_best_action():
    own = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    picture = simplex(own, 0, ("r", "p", "s"), [(1 / 3, 1 / 3, 1 / 3)])
    counts = [sum(area.colour == k for area in picture.areas) for k in range(3)]
    assert sum(counts) == 24 * 24
    assert max(counts) - min(counts) <= 48, "a symmetric game has regions of one size"
    ((x, _),) = picture.dots
    assert x == pytest.approx(MARGIN + SIDE / 2, abs=0.1)
    nearest = min(picture.areas, key=lambda area: abs(float(area.points.split(",")[0]) - MARGIN))
    assert nearest.colour == 1, "paper beats rock, where that is played nearly always"


def test_equilibria_are_solved_and_certified(client):
    page = Page(client.get("/equilibria", params={"game": "1 -1 / -1 1", "concept": "nash"}))
    check_inert(page)
    assert page.text.count("0.5000") == 4
    for concept in ("qre", "rqe", "security"):
        check_inert(
            Page(client.get("/equilibria", params={"game": "3 0 / 5 1 ; 3 5 / 0 1", "concept": concept}))
        )
    page = Page(client.get("/equilibria", params={"game": "0 -1 1 / 1 0 -1 / -1 1 0"}))
    assert page.text.count("0.3333") == 6
    assert len(page.all("svg")) == 2


def test_what_is_known_of_equilibria_is_told_in_words(client):
    page = Page(client.get("/equilibria", params={"game": "4 0 / 3 3 ; 4 3 / 0 3", "concept": "nash"}))
    assert "(0, 1) and (0, 1); (0.75, 0.25) and (0.75, 0.25)" in page.text
    assert "(1, 0) and (1, 0); (0, 1) and (0, 1); (3/4, 1/4) and (3/4, 1/4)" in page.text
    assert "[" not in page.text


@pytest.mark.parametrize(
    "text",
    ["/etc/passwd", "efg_game(filename=/etc/passwd)", "kuhn_poker", "normal(999x999)", "1 2 / 3", "1" * 700],
)
def test_nothing_but_payoffs_is_taken(client, text):
    page = Page(client.get("/equilibria", params={"game": text}))
    assert page.all("table") == []
    assert "0.0000" not in page.text
    assert [p for p in page.all("p") if p.get("role") == "alert"]
