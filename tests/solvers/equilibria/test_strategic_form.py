"""Games in extensive form brought to reduced strategic form, and their equilibria as behaviour policies."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.errors import UnsupportedGameError
from nashforge.solvers.equilibria import nash, solve_concept
from nashforge.solvers.equilibria.normal_form.equilibria import strategic_nash
from nashforge.solvers.equilibria.normal_form.strategies import (
    fractions,
    pure_plans,
    strategic_form,
    strategies,
)
from nashforge.solvers.sequence_form.profile import expected_values, nash_conv

ENTRY = """EFG 2 R "entry" { "entrant" "incumbent" }
p "" 1 1 "" { "in" "out" } 0
p "" 2 1 "" { "fight" "yield" } 0
t "" 1 "" { -1 -1 }
t "" 2 "" { 1 1 }
t "" 3 "" { 0 2 }
"""


def test_reduced_strategies_of_kuhn_poker_are_counted_and_listed() -> None:
    form = games.compile("kuhn_poker")
    first, second = form.treeplexes
    assert (strategies(first), strategies(second)) == (27, 64)
    plans = pure_plans(first)
    assert plans.shape == (27, first.sequences + 1)
    assert len({tuple(plan) for plan in plans}) == 27
    # Three cards, with pass and pass, pass and bet, or bet.
    assert set(plans.sum(axis=1)) == {4, 5, 6, 7}


@given(seed=st.integers(0, 10**6), players=st.integers(2, 3))
@settings(max_examples=20)
def test_strategic_payoffs_are_expected_values(seed: int, players: int) -> None:
    form = games.compile(
        f"random_tree(players={players},depth=4,actions=2,chance=1,observed=0.3,zero_sum=False,seed={seed})"
    )
    assume(math.prod(map(strategies, form.treeplexes)) <= 20_000)
    plans, payoffs = strategic_form(form)
    rng = np.random.default_rng(seed)
    chosen = [int(rng.integers(len(each))) for each in plans]
    policies = []
    for each, plan in zip(form.treeplexes, (p[k] for p, k in zip(plans, chosen, strict=True)), strict=True):
        policy = plan[:-1].copy()
        for a, b in zip(each.start, each.start[1:], strict=False):
            if not policy[a:b].any():  # where the strategy never leads
                policy[a] = 1
        policies.append(policy)
    expected = expected_values(form, policies)
    assert [each[tuple(chosen)] for each in payoffs] == pytest.approx(expected, abs=1e-12)


def test_entry_game_has_the_threat_too(tmp_path: Path) -> None:
    """In, yield; and out, where the incumbent fights half of the time or more: extreme ones are two."""
    file = tmp_path / "entry.efg"
    file.write_text(ENTRY)
    found = nash(file)
    one, none, half = Fraction(1), Fraction(0), Fraction(1, 2)
    assert set(found.exact) == {
        ((one, none), (none, one)),
        ((none, one), (one, none)),
        ((none, one), (half, half)),
    }
    assert found.complete
    assert found.degenerate
    assert max(found.gaps) == 0
    shown = solve_concept(str(file), "nash")
    assert shown.players[0].strategy[0].names == ("in", "out")
    assert len(shown.certificate["others"]) == 2


@given(seed=st.integers(0, 10**6))
@settings(max_examples=8)
def test_what_is_listed_of_extensive_games_is_an_equilibrium(seed: int) -> None:
    form = games.compile(f"random_tree(depth=4,actions=2,chance=1,observed=0.2,zero_sum=False,seed={seed})")
    assume(math.prod(map(strategies, form.treeplexes)) <= 500)
    found = strategic_nash(form, 1e-9)
    assert len(found) >= 1
    for profile, gap in zip(found, found.gaps, strict=True):
        assert nash_conv(form, profile) == pytest.approx(gap, abs=1e-12)
        assert gap < 1e-9


def test_a_zero_sum_game_is_worth_the_same_in_strategic_form() -> None:
    form = games.compile("kuhn_poker")
    found = strategic_nash(form, 1e-9)
    assert expected_values(form, found.equilibria[0]) == pytest.approx([-1 / 18, 1 / 18])


def test_a_first_price_auction_of_openspiel() -> None:
    found = nash("first_sealed_auction(max_value=3)")
    assert found.complete
    assert found.exact[0] == (tuple(map(Fraction, (1, 0, 1, 0, 1, 0))),) * 2


def test_sums_of_chance_are_fractions_again() -> None:
    third = 1 / 3
    assert fractions(np.array([[third + third + third - 1 + 1 / 6, 0.1 + 0.2]])) == [
        [Fraction(1, 6), Fraction(3, 10)]
    ]
    drawn = np.array([[0.1234567890123, 1.0]])
    assert fractions(drawn) == [[Fraction(0.1234567890123), Fraction(1)]]


def test_large_games_are_refused_with_their_size() -> None:
    with pytest.raises(UnsupportedGameError, match=r"6,561, 10,000, 65,536 reduced strategies"):
        nash("kuhn_poker(players=3)")
    with pytest.raises(UnsupportedGameError, match="more than a billion"):
        nash("sheriff(max_bribe=2,max_items=2,num_rounds=3)")
