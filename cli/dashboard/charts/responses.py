"""Best responses in small games as pictures: the square of two actions each, the triangle of three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Strategies = Sequence[Sequence[float]]

SIDE, MARGIN = 260.0, 40.0
CELLS = 24
"""Rows of small triangles that a triangle is made of."""


@dataclass(frozen=True)
class Shape:
    """A polygon or a line: its corners as SVG has them, and the action or player that colours it."""

    points: str
    colour: int


@dataclass(frozen=True)
class Picture:
    """A picture of best responses.

    Attributes
    ----------
    title : str
    areas, lines : tuple of Shape
        Regions by the action that is best there; best responses of each player as lines.
    dots : tuple of (float, float)
        Equilibria.
    words : tuple of (float, float, str)
        Texts and where they stand.
    width, top, height : float
        What is shown: from the left edge on, and from ``top`` down.
    """

    title: str
    areas: tuple[Shape, ...]
    lines: tuple[Shape, ...]
    dots: tuple[tuple[float, float], ...]
    words: tuple[tuple[float, float, str], ...]
    width: float = SIDE + 2 * MARGIN
    top: float = 0.0
    height: float = SIDE + 2 * MARGIN


def square(payoffs: tuple[Array, Array], profiles: Sequence[Strategies]) -> Picture:
    """Return the best responses of a 2 x 2 game over the probabilities of both players' first actions."""
    first, second = payoffs
    # The gain of the first action over the second one, as the other player's probability goes from 0 to 1.
    gain = (first[0, 1] - first[1, 1], first[0, 0] - first[1, 0])
    other = (second[1, 0] - second[1, 1], second[0, 0] - second[0, 1])
    mine = [(x, y) for y, x in _response(*gain)]
    theirs = _response(*other)
    lines = (Shape(_corners(mine), 0), Shape(_corners(theirs), 1))
    dots = tuple(_at(profile[0][0], profile[1][0]) for profile in profiles)
    words = (
        (MARGIN, MARGIN + SIDE + 30, "across: player 0's probability of action 0"),
        (MARGIN, 22.0, "up: player 1's probability of action 0"),
        (MARGIN - 6, MARGIN + SIDE + 14, "0"),
        (MARGIN + SIDE - 4, MARGIN + SIDE + 14, "1"),
        (MARGIN - 14, MARGIN + 6, "1"),
    )
    return Picture("Best responses", (), lines, dots, words)


def _response(at_zero: float, at_one: float) -> list[tuple[float, float]]:
    """Return the best response as corners: the other's probability, and one's own of the first action."""
    start, end = float(at_zero > 0), float(at_one > 0)
    if at_zero == 0 and at_one == 0:
        return [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]
    if at_zero == 0:
        return [(0, 1 - end), (0, end), (1, end)]
    if at_one == 0:
        return [(0, start), (1, start), (1, 1 - start)]
    if start == end:
        return [(0, start), (1, start)]
    turn = at_zero / (at_zero - at_one)
    return [(0, start), (turn, start), (turn, end), (1, end)]


def _at(x: float, y: float) -> tuple[float, float]:
    return round(MARGIN + SIDE * x, 1), round(MARGIN + SIDE * (1 - y), 1)


def _corners(places: Sequence[tuple[float, float]]) -> str:
    return " ".join("{:g},{:g}".format(*_at(x, y)) for x, y in places)


def simplex(own: Array, player: int, names: Sequence[str], played: Strategies) -> Picture:
    """Return which action of a player is best against every strategy over three actions of the other.

    Parameters
    ----------
    own
        The player's payoffs, own actions as rows, shape ``(n, 3)``.
    names
        Of the other's actions.
    played
        Strategies of the other that are in equilibrium.
    """
    areas = []
    for i in range(CELLS):
        for j in range(CELLS - i):
            corners = [(i, j), (i + 1, j), (i, j + 1)]
            areas.append(_area(own, corners))
            if i + j < CELLS - 1:
                areas.append(_area(own, [(i + 1, j), (i + 1, j + 1), (i, j + 1)]))
    dots = tuple(_inside(np.asarray(strategy, dtype=float)) for strategy in played)
    words = []
    for k, name in enumerate(names):
        x, y = _inside(np.eye(3)[k])
        words.append((x - 10, y + (-8 if k == 2 else 18), str(name)))
    title = f"Best action of player {player} by what player {1 - player} plays"
    top = SIDE * (1 - np.sqrt(3) / 2)  # above the triangle, which is not as high as it is wide
    return Picture(title, tuple(areas), (), dots, tuple(words), top=top, height=SIDE + 2 * MARGIN - top)


def _area(own: Array, corners: Sequence[tuple[int, int]]) -> Shape:
    mixtures = np.array([(CELLS - i - j, i, j) for i, j in corners], dtype=float) / CELLS
    best = int(np.argmax(own @ mixtures.mean(axis=0)))
    return Shape(" ".join("{:g},{:g}".format(*_inside(mixture)) for mixture in mixtures), best)


def _inside(mixture: Array) -> tuple[float, float]:
    x = mixture[1] + mixture[2] / 2
    y = mixture[2] * np.sqrt(3) / 2
    return round(float(MARGIN + SIDE * x), 1), round(float(MARGIN + SIDE * (1 - y)), 1)
