"""All equilibria of games of several players: published ones, and others by elimination and by Gambit."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.games.errors import UnsupportedGameError
from nashforge.solvers.equilibria import nash, solve_concept
from nashforge.solvers.equilibria.normal_form.isolation import isolate
from nashforge.solvers.equilibria.normal_form.many_players import enumerate_equilibria, exact_gains

HALF = Fraction(1, 2)


def nine() -> list[np.ndarray]:
    """McKelvey & McLennan, Journal of Economic Theory 72 (1997): as many as such games can have."""
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:, 0, 0, 0], payoffs[:, 1, 1, 0] = [9, 8, 12], [9, 8, 2]
    payoffs[:, 0, 1, 1], payoffs[:, 1, 0, 1] = [3, 4, 6], [3, 4, 4]
    return list(payoffs)


def irrational() -> list[np.ndarray]:
    """Nau, Gomez Canovas & Hansen, International Journal of Game Theory 32 (2004): one, not in fractions."""
    outcomes = (
        [[[3, 0, 2], [1, 0, 0]], [[0, 2, 0], [0, 1, 0]]],
        [[[0, 1, 0], [0, 3, 0]], [[1, 0, 0], [2, 0, 3]]],
    )
    return list(np.moveaxis(np.array(outcomes, dtype=float), 3, 0))


def test_a_game_with_nine_equilibria() -> None:
    found = enumerate_equilibria("nine", nine())
    assert len(found.profiles) == 9
    assert found.complete
    assert not found.degenerate
    third, quarter = (Fraction(1, n) for n in (3, 4))
    mixed = ((quarter, 1 - quarter), (HALF, HALF), (third, 1 - third))
    assert mixed in found.exact
    assert {max(exact_gains([[Fraction(x) for x in p.ravel()] for p in nine()], e)) for e in found.exact} == {
        0
    }


def test_an_equilibrium_that_no_fractions_are() -> None:
    found = enumerate_equilibria("irrational", irrational())
    ((_, y, _),) = found.profiles
    assert found.exact == [None]
    assert found.complete
    assert y[0] == pytest.approx((-13 + math.sqrt(601)) / 24, abs=1e-15)
    assert max(found.regrets[0]) < 1e-15


def by_elimination(payoffs: list[np.ndarray]) -> set[tuple[float, ...]]:
    """Return the equilibria of a generic game of three players with two actions: probabilities of the first.

    What the first action gains is a + b q + c r + d q r in the others' probabilities; with two of the three
    equations the probabilities of two players are functions of the third's, which has a quadratic equation.
    """
    gain = [np.moveaxis(p, i, 0)[0] - np.moveaxis(p, i, 0)[1] for i, p in enumerate(payoffs)]
    terms = [
        (g[1, 1], g[0, 1] - g[1, 1], g[1, 0] - g[1, 1], g[0, 0] - g[0, 1] - g[1, 0] + g[1, 1]) for g in gain
    ]

    def at(i: int, u: float, v: float) -> float:
        a, b, c, d = terms[i]
        return a + b * u + c * v + d * u * v

    candidates = list(itertools.product((0.0, 1.0), repeat=3))
    for i, pure in itertools.product(range(3), (0.0, 1.0)):  # one is pure, the others are indifferent
        j, k = (n for n in range(3) if n != i)
        mixed = [0.0, 0.0, 0.0]
        mixed[i] = pure
        for own, other in ((j, k), (k, j)):  # other makes own indifferent
            ends = [at(own, *(pure if n == i else end for n in range(3) if n != own)) for end in (0.0, 1.0)]
            mixed[other] = ends[0] / (ends[0] - ends[1])
        candidates.append(tuple(mixed))
    # f0(q, r) = 0 gives r, f2(p, q) = 0 gives p, both fractions of linear functions of q.
    (a0, b0, c0, d0), (a1, b1, c1, d1), (a2, b2, c2, d2) = terms
    line = np.polynomial.Polynomial
    r_above, r_below = line([-a0, -b0]), line([c0, d0])
    p_above, p_below = line([-a2, -c2]), line([b2, d2])
    quadratic = (
        a1 * p_below * r_below + b1 * p_above * r_below + c1 * p_below * r_above + d1 * p_above * r_above
    )
    for q in quadratic.roots():
        if abs(q.imag) < 1e-12:
            q = q.real
            candidates.append((p_above(q) / p_below(q), q, r_above(q) / r_below(q)))
    found = set()
    for each in candidates:
        good = all(0 <= p <= 1 for p in each)
        for i, p in enumerate(each):
            worth = at(i, *(each[n] for n in range(3) if n != i))
            good &= worth > 0 if p == 1 else worth < 0 if p == 0 else abs(worth) < 1e-7
        if good:
            found.add(tuple(round(p, 6) + 0.0 for p in each))
    return found


@given(seed=st.integers(0, 10**9))
@settings(max_examples=25)
def test_three_players_as_by_elimination_and_an_odd_number(seed: int) -> None:
    payoffs = list(np.random.default_rng(seed).normal(size=(3, 2, 2, 2)))
    found = enumerate_equilibria("drawn", payoffs)
    assert found.complete
    assert not found.degenerate
    assert {tuple(round(float(p[0]), 6) + 0.0 for p in each) for each in found.profiles} == by_elimination(
        payoffs
    )
    assert len(found.profiles) % 2 == 1  # Wilson (1971), of almost all games


@given(seed=st.integers(0, 10**9), sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)))
@settings(max_examples=20)
def test_two_players_and_one_who_does_nothing_as_by_vertices(seed: int, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, *sizes))
    found = enumerate_equilibria(
        "drawn", [first[:, None], np.zeros((sizes[0], 1, sizes[1])), second[:, None]]
    )
    expected = nash(first, second)
    assert found.complete
    assert len(found.profiles) == len(expected)
    for x, nobody, y in found.profiles:
        assert nobody.tolist() == [1.0]
        assert min(max(np.abs(x - a).max(), np.abs(y - b).max()) for a, b in expected) < 1e-9


@pytest.mark.parametrize("ratio", [3e4, 1e6, 1e8, 1e10])
def test_equilibria_whose_probabilities_are_small_are_neither_lost_nor_taken_for_pure_ones(
    ratio: float,
) -> None:
    """All do the same and earn much or one, or nothing, or one wants what the other does not."""
    same, one = np.diag([ratio, 1.0]), np.eye(2)
    for first, second in ((same, same), (same, one), (same, one[::-1])):
        payoffs = [first[:, None], np.zeros((2, 1, 2)), second[:, None]]
        found, expected = enumerate_equilibria("far apart", payoffs), nash(first, second)
        assert found.complete
        assert not found.degenerate
        assert len(found.profiles) == len(expected)
        listed = np.array(sorted((x[0], y[0]) for x, _, y in found.profiles))
        np.testing.assert_allclose(listed, sorted((x[0], y[0]) for x, y in expected), rtol=1e-9)


@pytest.mark.parametrize("size", [1e4, 1e8, 1e12])
def test_what_others_give_whatever_a_player_does_changes_no_equilibrium(size: float) -> None:
    rng = np.random.default_rng(4)
    for payoffs in (nine(), irrational()):
        plain = enumerate_equilibria("plain", payoffs)
        gifts = size * rng.integers(-9, 10, size=(3, 2, 2, 2))
        given = [each + gift.max(axis=i, keepdims=True) for i, (each, gift) in enumerate(zip(payoffs, gifts))]
        found = enumerate_equilibria("given", given)
        assert found.complete
        assert not found.degenerate
        assert len(found.profiles) == len(plain.profiles)
        for one, other in zip(found.profiles, plain.profiles, strict=True):
            np.testing.assert_allclose(np.stack(one), np.stack(other), atol=1e-12)


def test_what_rounding_does_not_decide_is_not_called_complete() -> None:
    same = np.diag([1e12, 1.0])
    found = enumerate_equilibria("farther", [same[:, None], np.zeros((2, 1, 2)), same[:, None]])
    assert len(found.profiles) >= 2
    assert not found.complete


def test_seven_equilibria_of_three_by_three() -> None:
    found = enumerate_equilibria("seven", [np.eye(3), np.eye(3)])
    assert len(found.profiles) == 7
    assert set(found.exact) == set(nash(np.eye(3), np.eye(3)).exact)


def test_four_players() -> None:
    """All do the same or get nothing: both pure ones, and the mixture in which all are indifferent."""
    same = np.zeros((2, 2, 2, 2))
    same[0, 0, 0, 0], same[1, 1, 1, 1] = 8, 1
    found = enumerate_equilibria("same", [same] * 4)
    assert ((Fraction(1, 3), Fraction(2, 3)),) * 4 in found.exact
    assert any(each is not None and each[0][0] == each[3][0] == 1 for each in found.exact)


def test_what_is_degenerate_is_called_so() -> None:
    nothing = enumerate_equilibria("nothing", [np.zeros((2, 2, 2))] * 3)
    assert nothing.degenerate
    assert not nothing.complete
    assert len(nothing.profiles) == 8
    tie = [np.array([[[1.0, 1.0]]]), np.array([[[0.0, 0.0]]]), np.array([[[2.0, 2.0]]])]
    assert enumerate_equilibria("tie", tie).degenerate


def test_where_infinitely_many_are_nothing_is_called_complete() -> None:
    """Who knows that one of the others mixes evenly is indifferent: lines of equilibria cross."""
    signs = np.array([[1.0, -1.0], [-1.0, 1.0]])
    payoffs = [np.stack([signs, np.zeros((2, 2))], axis=i) for i in range(3)]
    assert isolate(payoffs, [(0, 1)] * 3, 2_000).open
    found = enumerate_equilibria("lines", payoffs)
    assert not found.complete
    assert found.degenerate
    assert found.profiles


def test_games_from_strings_and_files_and_their_certificates(tmp_path: Path) -> None:
    file = tmp_path / "nine.nfg"
    file.write_text(
        'NFG 1 R "nine" { "a" "b" "c" } { 2 2 2 }\n9 8 12 0 0 0 0 0 0 9 8 2 0 0 0 3 4 4 3 4 6 0 0 0\n'
    )
    found = nash(file)
    assert len(found) == 9
    assert found.complete
    assert found.degenerate is False
    assert all(gap <= 1e-12 for gap in found.gaps)
    told = solve_concept(str(file), "nash").as_dict()
    assert [len(player["strategy"]) for player in told["players"]] == [1, 1, 1]
    assert told["players"][0]["strategy"][0]["information_set"] is None
    assert len(told["others"]) == len(told["other_gaps"]) == 8
    assert told["exact"][0] == [["1", "0"]] * 3
    json.dumps(told)


def test_payoffs_whose_sums_may_be_no_floats_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.nfg"
    file.write_text('NFG 1 R "n" { "a" "b" "c" } { 2 1 1 }\n1e307 1 0 -1e307 0 0\n')
    with pytest.raises(UnsupportedGameError, match=r"reach 1e\+307"):
        nash(file)


def test_games_that_are_too_large_are_refused() -> None:
    with pytest.raises(UnsupportedGameError, match="29,791 ways to choose"):
        nash("normal_matrix(players=3,actions=5,seed=1)")
    with pytest.raises(UnsupportedGameError, match="more than a billion ways to choose"):
        enumerate_equilibria("alone", [np.arange(20_000.0)])  # 2 to the power of that has 6,021 digits


@pytest.mark.slow
def test_equilibria_are_those_of_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(3)
    for payoffs in (nine(), *(list(rng.normal(size=(3, 2, 2, 2))) for _ in range(4))):
        theirs = gambit.nash.enumpoly_solve(gambit.Game.from_arrays(*payoffs)).equilibria
        found = enumerate_equilibria("drawn", payoffs)
        assert len(theirs) == len(found.profiles)
        for profile in theirs:
            first = [[float(p) for _, p in strategy] for _, strategy in profile.mixed_strategies()]
            assert min(np.abs(np.array(each) - first).max() for each in found.profiles) < 1e-6
