"""All extreme Nash equilibria of a small game of two players, enumerated in exact arithmetic.

The best responses of both players are the facets of two polytopes, ``P = {x >= 0, B' x <= 1}`` and
``Q = {y >= 0, A y <= 1}`` for positive payoffs. A vertex is labelled by the actions that it does not play and
by the other's best responses; a pair of vertices with all labels is an equilibrium, every other equilibrium
is a convex combination of such pairs, and a game is non-degenerate exactly if no vertex has more labels than
its polytope has dimensions. Vertices are enumerated by the double description method in whole numbers.

Sources: Mangasarian (1964), Equilibrium Points of Bimatrix Games; von Stengel (2002), Computing Equilibria
for Two-Person Games, section 2; Fukuda, Prodon (1996), Double Description Method Revisited.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from nashforge.solvers.equilibria.exact.rational import Integers, Matrix, whole

Exact = tuple[Fraction, ...]

MOST_VERTICES = 5000
"""Games whose polytopes may have more vertices are not enumerated; two players of 10 actions have 4004."""

MOST_ACTIONS = 100
"""Of both players together: polytopes of many dimensions take long even with few vertices."""


@dataclass(frozen=True)
class Extreme:
    """All extreme equilibria of a game.

    Attributes
    ----------
    equilibria : tuple of pairs of tuples of Fraction
        Those with fewest actions come first, then those with the earliest actions.
    degenerate : bool
        Whether some strategy has more best responses than actions that it mixes.
    """

    equilibria: tuple[tuple[Exact, Exact], ...]
    degenerate: bool


def most_vertices(dimension: int, facets: int) -> int:
    """Return how many vertices a polytope can have at most (McMullen 1970)."""
    return math.comb(facets - (dimension + 1) // 2, facets - dimension) + math.comb(
        facets - (dimension + 2) // 2, facets - dimension
    )


def enumerable(n: int, m: int) -> bool:
    """Whether a game of ``n`` by ``m`` actions is small enough."""
    return n + m <= MOST_ACTIONS and max(most_vertices(n, n + m), most_vertices(m, n + m)) <= MOST_VERTICES


def extreme_equilibria(first: Matrix, second: Matrix) -> Extreme:
    """Enumerate all extreme equilibria.

    Parameters
    ----------
    first, second
        Payoffs, player 1's actions as rows.
    """
    n, m = len(first), len(first[0])
    responses = [list(column) for column in zip(*whole(second), strict=True)]
    # Labels: bit i for action i of player 1, bit n + j for action j of player 2.
    mine = labelled(responses, [1 << i for i in range(n)], [1 << (n + j) for j in range(m)])
    theirs = labelled(whole(first), [1 << (n + j) for j in range(m)], [1 << i for i in range(n)])
    everything = (1 << (n + m)) - 1
    degenerate = any(labels.bit_count() > n for _, labels in mine) or any(
        labels.bit_count() > m for _, labels in theirs
    )
    by_labels: dict[int, list[Exact]] = defaultdict(list)
    for y, labels in theirs:
        by_labels[labels].append(y)
    found = []
    for x, labels in mine:
        if not any(x):
            continue
        missing = everything & ~labels
        matching = [y for other, ys in by_labels.items() if missing & ~other == 0 for y in ys]
        found += [(_normal(x), _normal(y)) for y in matching if any(y)]
    return Extreme(tuple(sorted(found, key=_order)), degenerate)


def _order(profile: tuple[Exact, Exact]) -> tuple[object, ...]:
    supports = [tuple(k for k, p in enumerate(strategy) if p) for strategy in profile]
    return (sum(map(len, supports)), *supports, [tuple(-p for p in strategy) for strategy in profile])


def _normal(x: Exact) -> Exact:
    total = sum(x)
    return tuple(p / total for p in x)


def labelled(matrix: Integers, unplayed: list[int], responses: list[int]) -> list[tuple[Exact, int]]:
    """Return the vertices of ``{x >= 0, matrix x <= 1}`` with their labels."""
    n = len(matrix[0])
    labelled = []
    for ray in _vertices(matrix):
        labels = 0
        for i in range(n):
            if ray[i + 1] == 0:
                labels |= unplayed[i]
        for j, row in enumerate(matrix):
            if sum(a * b for a, b in zip(row, ray[1:], strict=True)) == ray[0]:
                labels |= responses[j]
        labelled.append((tuple(Fraction(number, ray[0]) for number in ray[1:]), labels))
    return labelled


def _vertices(matrix: Integers) -> list[tuple[int, ...]]:
    """Return the vertices in homogeneous coordinates ``(denominator, numerators)``, in whole numbers.

    The cone ``{(t, x): x >= 0, t >= 0}`` is cut by one halfspace ``matrix[j] x <= t`` after another. Between
    two adjacent rays on either side a new one appears; two rays are adjacent if no other lies on all facets
    that both lie on.
    """
    n = len(matrix[0])
    full = (1 << (n + 1)) - 1
    rays: list[tuple[tuple[int, ...], int]] = [
        (tuple(int(i == k) for i in range(n + 1)), full & ~(1 << k)) for k in range(n + 1)
    ]
    for j, row in enumerate(matrix):
        bit = 1 << (n + 1 + j)
        inside, outside, kept = [], [], []
        for ray, facets in rays:
            slack = ray[0] - sum(a * b for a, b in zip(row, ray[1:], strict=True))
            if slack > 0:
                inside.append((ray, facets, slack))
                kept.append((ray, facets))
            elif slack < 0:
                outside.append((ray, facets, slack))
            else:
                kept.append((ray, facets | bit))
        everyone = [facets for _, facets in rays]
        for ray, facets, slack in inside:
            for other, theirs, excess in outside:
                common = facets & theirs
                if common.bit_count() < n - 1 or sum(1 for f in everyone if f & common == common) > 2:
                    continue
                made = [slack * b - excess * a for a, b in zip(ray, other, strict=True)]
                divisor = math.gcd(*made)
                kept.append((tuple(number // divisor for number in made), common | bit))
        rays = kept
    return [ray for ray, _ in rays if ray[0]]
