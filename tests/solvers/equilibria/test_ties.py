"""Small games of whole numbers, in which ties abound: what is enumerated, by brute force as well."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from nashforge.solvers.equilibria import nash
from nashforge.solvers.equilibria.exact.rational import solve
from nashforge.solvers.equilibria.normal_form.many_players import enumerate_equilibria, exact_gains

Vertices = dict[tuple[Fraction, ...], tuple[frozenset[int], frozenset[int]]]


def best_response_vertices(payoffs: list[list[int]]) -> Vertices:
    """Return mixtures of the rows at which as many as possible are not played, or columns best responses.

    Every choice of so many of them is a linear system. With each are returned which these are.
    """
    n, m = len(payoffs), len(payoffs[0])
    unplayed = [[int(i == k) for k in range(n)] + [0] for i in range(n)]
    best = [[row[j] for row in payoffs] + [-1] for j in range(m)]
    found: Vertices = {}
    for tight in itertools.combinations(unplayed + best, n):
        solved = solve([[1] * n + [0], *tight], [1] + [0] * n)
        if solved is None or min(solved[:n]) < 0:
            continue
        *x, value = solved
        worth = [sum(p * row[j] for p, row in zip(x, payoffs, strict=True)) for j in range(m)]
        if max(worth) <= value:
            best_ones = frozenset(j for j, w in enumerate(worth) if w == value)
            found[tuple(x)] = frozenset(i for i, p in enumerate(x) if not p), best_ones
    return found


@given(
    seed=st.integers(0, 10**9),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    scale=st.sampled_from((1, 10**12, 2.0**-40)),
)
@settings(max_examples=60)
def test_extreme_equilibria_are_the_pairs_of_vertices_with_all_labels(
    seed: int, sizes: tuple[int, int], scale: float
) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(-3, 4, size=(2, *sizes))
    if sizes[0] > 1 and rng.random() < 0.3:
        first[1], second[1] = first[0], second[0]
    mine, theirs = best_response_vertices(second.tolist()), best_response_vertices(first.T.tolist())
    expected = {
        (x, y)
        for (x, (unplayed_1, best_2)), (y, (unplayed_2, best_1)) in itertools.product(
            mine.items(), theirs.items()
        )
        if len(unplayed_1 | best_1) == sizes[0] and len(unplayed_2 | best_2) == sizes[1]
    }
    found = nash(first * scale, second * scale)
    assert found.complete
    assert set(found.exact) == expected
    assert found.degenerate == any(
        len(unplayed) + len(best) > size
        for vertices, size in ((mine, sizes[0]), (theirs, sizes[1]))
        for unplayed, best in vertices.values()
    )


def pure_equilibria(payoffs: list[np.ndarray]) -> list[tuple[int, ...]]:
    best = [each == each.max(axis=i, keepdims=True) for i, each in enumerate(payoffs)]
    return [tuple(map(int, place)) for place in np.argwhere(np.logical_and.reduce(best))]


def by_descent(payoffs: list[np.ndarray], rng: np.random.Generator) -> list[list[np.ndarray]]:
    """Return equilibria of three players with two actions each where descent ends from random starts."""

    def gains(mixed: np.ndarray) -> np.ndarray:
        """Return by how much the first action is better, for each player."""
        profile = [np.array([p, 1 - p]) for p in mixed]
        others = ((1, 2), (0, 2), (0, 1))
        tables = (np.moveaxis(each, i, 0) for i, each in enumerate(payoffs))
        worth = [table @ profile[k] @ profile[j] for table, (j, k) in zip(tables, others, strict=True)]
        return np.array([w[0] - w[1] for w in worth])

    found = []
    for pattern in itertools.product((0.0, 1.0, None), repeat=3):
        free = [i for i, p in enumerate(pattern) if p is None]
        for _ in range(4 if free else 1):
            mixed = np.array([0.0 if p is None else p for p in pattern])

            def residual(some: np.ndarray, mixed: np.ndarray = mixed, free: list[int] = free) -> np.ndarray:
                mixed[free] = some
                return gains(mixed)[free]

            if free:
                start = rng.uniform(size=len(free))
                some = least_squares(residual, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=50).x
                if np.abs(residual(some)).max() > 1e-11 or min(*some, *(1 - some)) < 1e-6:
                    continue
            better = gains(mixed)
            if (better[mixed == 0] <= 1e-11).all() and (better[mixed == 1] >= -1e-11).all():
                found.append([np.array([p, 1 - p]) for p in mixed])
    return found


@given(seed=st.integers(0, 10**9))
@settings(max_examples=12)
def test_three_players_whose_payoffs_tie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = list(rng.integers(-3, 4, size=(3, 2, 2, 2)).astype(float))
    found = enumerate_equilibria("ties", payoffs)
    values = [[Fraction(x) for x in each.ravel()] for each in payoffs]
    assert not any(any(exact_gains(values, each)) for each in found.exact if each is not None)
    listed = [np.concatenate(each) for each in found.profiles]
    for a, b in itertools.combinations(listed, 2):
        assert np.abs(a - b).max() > 1e-6
    for place in pure_equilibria(payoffs):
        assert any(all(p[a] == 1 for p, a in zip(each, place, strict=True)) for each in found.profiles)
    if found.complete:
        for profile in by_descent(payoffs, rng):
            assert min(np.abs(each - np.concatenate(profile)).max() for each in listed) < 1e-4
