"""Commitments against published values, zero-sum games, Nash equilibria, and a search over a grid."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.errors import UnsupportedGameError
from nashforge.solvers.equilibria import nash, security, stackelberg
from nashforge.solvers.equilibria.normal_form import stackelberg as module
from nashforge.solvers.sequence_form.profile import NoPlayerError, best_response_values, expected_values

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))


def exactly(text: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, text.split()))


def test_the_game_of_conitzer_and_sandholm() -> None:
    """Nash is worth 2 to the leader, a pure commitment 3, and one half each 3.5."""
    leader, follower = [[2, 4], [1, 3]], [[1, 0], [0, 1]]
    found = stackelberg(leader, follower)
    assert found.exact == (exactly("1/2 1/2"), exactly("0 1"))
    assert found.values == (3.5, 0.5)
    assert (found.bound, found.gap, found.ties) == (3.5, 0, 1)
    swapped = stackelberg(np.transpose(follower), np.transpose(leader), leader=1)
    assert swapped.exact == (exactly("0 1"), exactly("1/2 1/2"))
    assert swapped.values == (0.5, 3.5)


def test_an_inspector_deters_for_certain() -> None:
    """Whoever inspects often enough that violation pays no more than its fine: 1 (1 - p) = 3 p."""
    inspector = [[-1, -2], [0, -5]]  # inspect or not, against compliance and violation
    inspectee = [[0, -3], [0, 1]]
    found = stackelberg(inspector, inspectee)
    assert found.exact == (exactly("1/4 3/4"), exactly("1 0"))
    assert found.values == (-0.25, 0)
    assert found.values[0] > max(float(x @ inspector @ y) for x, y in nash(inspector, inspectee))


@given(seed=st.integers(0, 10**9), sizes=SIZES, leader=st.integers(0, 1))
@settings(max_examples=40)
def test_zero_sum_games_give_the_leader_its_security_value(
    seed: int, sizes: tuple[int, int], leader: int
) -> None:
    payoffs = np.random.default_rng(seed).normal(size=sizes)
    found = stackelberg(payoffs, -payoffs, leader=leader)
    assert found.values[leader] == pytest.approx(security(payoffs, -payoffs, player=leader)[1], abs=1e-9)


@given(seed=st.integers(0, 10**9), sizes=SIZES, ties=st.booleans())
@settings(max_examples=40)
def test_both_methods_agree_and_no_equilibrium_or_grid_point_is_better(
    seed: int, sizes: tuple[int, int], ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 4, size=(2, *sizes)) if ties else rng.normal(size=(2, *sizes))
    found = stackelberg(first, second)
    rows = [[[Fraction(float(x)) for x in row] for row in each] for each in (first, second)]
    programs = module._by_programs("drawn", *rows)
    assert programs.bound == pytest.approx(found.values[0], abs=1e-8)
    assert found.gap == 0
    assert found.values[0] >= max(float(x @ first @ y) for x, y in nash(first, second)) - 1e-12
    mixed = rng.dirichlet(np.ones(sizes[0]), size=200)
    answers = (mixed @ second).argmax(axis=1)
    assert found.values[0] >= ((mixed @ first)[range(200), answers]).max() - 1e-12


def test_larger_games_by_linear_programs_with_a_bound() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 15, 20))
    found = stackelberg(first, second)
    assert found.method == "linear programs"
    assert found.exact is None
    assert found.values[0] <= found.bound + 1e-12
    assert found.bound - found.values[0] < 1e-8
    assert found.gap < 1e-9
    x, y = found.strategies
    assert float(x @ first @ y) == pytest.approx(found.values[0])


@pytest.mark.parametrize(("unit", "constant"), [(1e12, 0.0), (1e-12, 0.0), (1.0, 1e9)])
def test_programs_know_neither_units_nor_constants(unit: float, constant: float) -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 15, 20))
    found, plain = stackelberg(unit * first + constant, second / unit + constant), stackelberg(first, second)
    assert [
        (value - constant) / size for value, size in zip(found.values, (unit, 1 / unit))
    ] == pytest.approx(plain.values, abs=1e-6 if constant else 1e-9)
    assert found.bound >= found.values[0]
    largest = stackelberg(1.7e308 * np.sign(first), second)  # of which the range is no float
    assert largest.values[0] == pytest.approx(1.7e308 * stackelberg(np.sign(first), second).values[0])


@pytest.mark.parametrize("size", [1e6, 1e12])
def test_what_the_leader_gives_whatever_is_answered_changes_no_answer(size: float) -> None:
    rng = np.random.default_rng(5)
    first, second = rng.integers(-9, 10, size=(2, 15, 20))
    gifts = size * rng.integers(-9, 10, size=(15, 1))
    found, plain = stackelberg(first, second + gifts), stackelberg(first, second)
    assert found.method == "linear programs"
    assert found.values[0] == pytest.approx(plain.values[0], abs=1e-7)
    assert found.values[0] <= found.bound
    assert found.gap < 1e-7


def test_extensive_games_through_their_strategic_form(tmp_path: Path) -> None:
    """An incumbent who can commit fights often enough to keep the entrant out."""
    file = tmp_path / "entry.efg"
    file.write_text(
        'EFG 2 R "entry" { "entrant" "incumbent" }\np "" 1 1 "" { "in" "out" } 0\n'
        'p "" 2 1 "" { "fight" "yield" } 0\nt "" 1 "" { -1 -1 }\nt "" 2 "" { 1 1 }\nt "" 3 "" { 0 2 }\n'
    )
    found = stackelberg(file, leader=1)
    assert found.values == (0, 2)
    assert found.exact is not None
    assert found.exact[0] == exactly("0 1")
    form = games.compile("sheriff(max_bribe=1,max_items=1,num_rounds=1)")
    ours = stackelberg(form)
    assert expected_values(form, ours.strategies) == pytest.approx(ours.values)
    assert best_response_values(form, ours.strategies)[1] == pytest.approx(ours.values[1], abs=1e-12)


def test_what_cannot_be_solved_is_refused() -> None:
    with pytest.raises(UnsupportedGameError, match="has 3 players"):
        stackelberg("kuhn_poker(players=3)")
    with pytest.raises(UnsupportedGameError, match="too large for its strategic form"):
        stackelberg("leduc_poker")
    with pytest.raises(UnsupportedGameError, match="360,000 profiles"):
        stackelberg(np.zeros((600, 600)), np.zeros((600, 600)))
    with pytest.raises(NoPlayerError, match="no player 2"):
        stackelberg([[1]], [[1]], leader=2)
