"""Nash equilibria against exact enumeration by other means: at every scale, with penalties, degenerate."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.matrix import bimatrix
from nashforge.solvers.equilibria import nash, qre, security
from nashforge.solvers.equilibria.exact.extreme import most_vertices
from nashforge.solvers.risk import RiskError

sys.path.insert(0, str(Path(__file__).parents[3]))  # benchmarks are not installed

from benchmarks.equilibria import by_bases, by_gambit, random_game

DILEMMA = np.array([[3.0, 0.0], [5.0, 1.0]])


def exact(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(p) for p in text.split())


def test_both_matrices_have_the_rows_of_nashpy_and_gambit() -> None:
    found = nash([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    assert found.exact == ((exact("0 1"), exact("0 1")),)
    assert found.complete
    assert found.gaps == (0.0,)


@pytest.mark.parametrize(
    ("game", "expected", "degenerate"),
    [
        ("5 -10000 / 4 4 ; 1 -10000 / 1 0", [("1 0", "1 0")], False),
        ("5 -1e8 / 4 4 ; 1 -1e8 / 1 0", [("1 0", "1 0")], False),
        ("1 -1 100000000 / -1 1 100000000", [("1/2 1/2", "1/2 1/2 0")], True),
        ("-3 3 / -3 5 ; 2 7 / 4 2", [("0 1", "1 0"), ("2/7 5/7", "1 0")], True),
        ("1 2 3 ; 3 1 2", [("1", "1 0 0")], False),
        ("0.1 0.3 / 0.3 0.1 ; 0.9 0.7 / 0.7 0.9", [("1/2 1/2", "1/2 1/2")], False),
    ],
)
def test_known_equilibria_are_all_that_is_listed(game: str, expected: list, degenerate: bool) -> None:
    found = nash(game)
    assert found.exact == tuple((exact(x), exact(y)) for x, y in expected)
    assert found.complete
    assert found.degenerate is degenerate
    assert max(found.gaps) <= 1e-9


@pytest.mark.parametrize(
    ("scale", "offset"),
    [(1e-12, 0), (1e-12, 5), (1e-9, 0), (1e-9, 5), (1, 0), (1, -1e6), (1e8, 0), (1e8, 5), (1e12, -1e6)],
)
def test_scale_and_offset_change_nothing(scale: float, offset: float) -> None:
    found = nash(scale * DILEMMA + offset, scale * DILEMMA.T + offset)
    assert found.exact == ((exact("0 1"), exact("0 1")),)
    assert found.complete


def test_fractions_and_decimals_are_what_they_say() -> None:
    """A tenth and two tenths are three tenths: in floats this game would not be degenerate."""
    found = nash([["0.3", 0], [0, "0.3"]], [["1/3", 0], [0, Fraction(2, 3)]])
    assert found.exact[2] == (exact("2/3 1/3"), exact("1/2 1/2"))
    assert nash([[sum([Fraction("0.1"), Fraction("0.2")])], ["0.3"]], [[1], [1]]).degenerate
    assert not nash([[0.1 + 0.2], [0.3]], [[1], [1]]).degenerate
    assert nash([["0.1", "0.2"]], [["0.3", "0.3"]]).degenerate


@given(seed=st.integers(0, 10**9), index=st.integers(0, 5))
@settings(max_examples=60)
def test_what_is_listed_is_what_two_other_enumerations_find(seed: int, index: int) -> None:
    _, payoffs = random_game(np.random.default_rng(seed), index)
    found = nash(*payoffs)
    rows = [[[Fraction(float(x)) for x in row] for row in matrix] for matrix in payoffs]
    expected, degenerate = by_bases(*rows)
    assert set(found.exact) == expected
    assert len(found) == len(expected)
    assert found.complete
    assert found.degenerate is degenerate
    for gap, regrets, stakes in zip(found.gaps, found.regrets, found.stakes, strict=True):
        assert gap == sum(regrets)
        assert all(regret <= 1e-9 * stake for regret, stake in zip(regrets, stakes, strict=True))
    witness = by_gambit(*rows)
    assert witness is None or witness == expected


@given(
    seed=st.integers(0, 10**6), sizes=st.tuples(st.integers(1, 30), st.integers(11, 30)), ties=st.booleans()
)
@settings(max_examples=25)
def test_one_equilibrium_of_a_larger_game_is_exact(seed: int, sizes: tuple[int, int], ties: bool) -> None:
    rng = np.random.default_rng(seed)
    payoffs = [rng.integers(0, 3, size=sizes) if ties else rng.normal(size=sizes) for _ in range(2)]
    found = nash(*payoffs)
    x, y = found.exact[0]
    u = [sum(Fraction(a) * p for a, p in zip(row, y, strict=True)) for row in payoffs[0].tolist()]
    v = [sum(Fraction(a) * p for a, p in zip(row, x, strict=True)) for row in payoffs[1].T.tolist()]
    assert all(p == 0 or u[i] == max(u) for i, p in enumerate(x))
    assert all(p == 0 or v[j] == max(v) for j, p in enumerate(y))


def test_penalties_in_a_larger_game_do_not_hide_what_is_at_stake() -> None:
    """Matching pennies among 28 other actions that cost 1e8: no float tableau holds both scales."""
    payoffs = np.full((15, 15), -1e12)
    payoffs[:2, :2] = [[1, -1], [-1, 1]]
    payoffs[:2, 2:] = 1e12
    found = nash(payoffs, -payoffs)
    assert found.exact[0] == (exact("1/2 1/2" + 13 * " 0"), exact("1/2 1/2" + 13 * " 0"))
    assert found.gaps == (0.0,)


def test_large_games_with_a_constant_sum() -> None:
    payoffs = np.random.default_rng(1).normal(size=(80, 90))
    found = nash(1e-9 * payoffs + 3, 7 - 1e-9 * payoffs)
    assert found.gaps[0] <= 1e-9 * min(found.stakes[0])
    assert not found.complete


def test_games_of_every_kind_are_taken(tmp_path: Path) -> None:
    expected = nash([[5, 0], [10, 1]], [[5, 10], [0, 1]]).exact
    given = ["matrix_pd", games.compile("matrix_pd"), pyspiel.load_game("matrix_pd"), bimatrix("matrix_pd")]
    assert all(nash(game).exact == expected for game in given)
    made = pyspiel.create_matrix_game([[5, 0], [10, 1]], [[5, 10], [0, 1]])
    assert nash(made).exact == expected
    assert qre(made, rationality=0.1)[0] == pytest.approx(qre("matrix_pd", rationality=0.1)[0])
    assert nash("kuhn_poker").gaps[0] < 1e-9
    assert security("kuhn_poker")[1] == pytest.approx(-1 / 18)
    assert nash([[1, -1], [-1, 1]]).exact == ((exact("1/2 1/2"), exact("1/2 1/2")),)  # zero-sum


def test_security_is_told_by_payoffs_that_matter() -> None:
    strategy, value = security([[1, -1, 1e8], [-1, 1, 1e8]])
    assert strategy.tolist() == [0.5, 0.5]
    assert value == 0
    strategy, value = security([[0, 0, 0]], [[3, 1, 2]], player=1)
    assert strategy.tolist() == [1, 0, 0]
    assert value == 3
    with pytest.raises(RiskError, match="player must be 0"):
        security("SC4", player=2)
    with pytest.raises(RiskError, match="give both"):
        security([[1, 2]], player=1)


def test_bounds_on_the_number_of_vertices() -> None:
    """Cyclic polytopes: six facets of a polygon, and the tables of von Stengel."""
    assert most_vertices(2, 6) == 6
    assert most_vertices(3, 6) == 8
    assert most_vertices(7, 14) == 240
    assert most_vertices(10, 20) == 4004


def test_errors_name_the_value_and_the_rule() -> None:
    with pytest.raises(
        RiskError, match=r"shape \(2, 3\); got shape \(3, 2\); its rows are the column player's.*transpose"
    ):
        nash(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(RiskError, match="is a whole game"):
        nash("SC4", np.ones((2, 2)))
    with pytest.raises(RiskError, match=r"matrix of finite numbers.*\[\[1, 'x'\]\]"):
        nash([[1, "x"]])
    with pytest.raises(RiskError, match="matrix of finite numbers"):
        nash([[1, float("nan")]])
    with pytest.raises(RiskError, match="matrix of finite numbers"):
        nash([[1, 2], [3]])
    with pytest.raises(games.UnsupportedGameError, match="too large for its strategic form"):
        nash("sheriff(max_bribe=2,max_items=2,num_rounds=3)")
