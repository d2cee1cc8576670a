"""Exact measures against OpenSpiel and against brute force."""

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_spiel.python.algorithms import expected_game_score
from open_spiel.python.algorithms import exploitability as openspiel_exploitability

from nashforge import games
from nashforge.solvers import (
    PolicyError,
    best_response,
    best_response_values,
    expected_values,
    exploitability,
    from_openspiel,
    nash_conv,
    to_openspiel,
    uniform_profile,
)

SMALL = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "leduc_poker",
    "goofspiel(num_cards=3,imp_info=True,points_order=descending)",
    "liars_dice(dice_sides=3)",
    "matrix_rps",
    "blotto(coins=5,fields=2)",
]


def random_profile(form, seed):
    rng = np.random.default_rng(seed)
    return tuple(
        np.concatenate([rng.dirichlet(np.full(size, 0.7)) for size in np.diff(treeplex.start)])
        for treeplex in form.treeplexes
    )


def openspiel_game(name):
    game = pyspiel.load_game(name)
    if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        game = pyspiel.convert_to_turn_based(game)
    return game


@pytest.mark.parametrize("name", SMALL)
def test_nash_conv_and_values_equal_openspiel(name):
    form, game = games.compile(name), openspiel_game(name)
    for seed in range(3):
        profile = random_profile(form, seed)
        policy = to_openspiel(form, profile, game)
        assert nash_conv(form, profile) == pytest.approx(
            openspiel_exploitability.nash_conv(game, policy), abs=1e-9
        )
        values = expected_game_score.policy_value(game.new_initial_state(), [policy] * game.num_players())
        assert expected_values(form, profile) == pytest.approx(values, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kuhn_poker", 0.458333),
        ("kuhn_poker(players=3)", 0.687500),
        ("kuhn_poker(players=4)", 0.869010),
        ("leduc_poker", 2.373611),
        ("goofspiel(num_cards=4,imp_info=True,points_order=descending)", 0.708333),
        ("goofspiel(num_cards=5,imp_info=True,points_order=descending)", 0.775000),
        ("liars_dice(dice_sides=4)", 0.655060),
        ("liars_dice(dice_sides=5)", 0.720871),
        ("blotto(coins=10,fields=3)", 0.318182),
    ],
)
def test_exploitability_of_uniform_play(name, expected):
    form = games.compile(name)
    assert exploitability(form, uniform_profile(form)) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), player=st.integers(0, 2))
def test_best_response_is_best(seed, player):
    form = games.compile("kuhn_poker(players=3)")
    profile = random_profile(form, seed)
    value, policy = best_response(form, profile, player)
    replaced = [policy if p == player else own for p, own in enumerate(profile)]
    assert expected_values(form, replaced)[player] == pytest.approx(value, abs=1e-12)
    assert best_response_values(form, profile)[player] == value
    for other in range(5):
        deviation = random_profile(form, seed ^ (other + 1))[player]
        replaced[player] = deviation
        assert expected_values(form, replaced)[player] <= value + 1e-12


@pytest.mark.parametrize("name", SMALL)
def test_policies_survive_the_way_to_openspiel_and_back(name):
    form = games.compile(name)
    profile = random_profile(form, 5)
    back = from_openspiel(form, to_openspiel(form, profile))
    for mine, theirs in zip(profile, back, strict=True):
        assert np.array_equal(mine, theirs)


def test_a_cpp_policy_can_be_read():
    form = games.compile("leduc_poker")
    game = pyspiel.load_game("leduc_poker")
    solver = pyspiel.CFRSolver(game)
    for _ in range(3):
        solver.evaluate_and_update_policy()
    profile = from_openspiel(form, solver.tabular_average_policy())
    assert exploitability(form, profile) == pytest.approx(
        pyspiel.exploitability(game, solver.tabular_average_policy()), abs=1e-12
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: (p[0] * 0.5, p[1]), r"sum to 1.*player 0, information set 0"),
        (lambda p: (p[0], -p[1]), r"non-negative.*player 1"),
        (lambda p: (p[0] * np.nan, p[1]), "player 0"),
        (lambda p: (p[0][:-1], p[1]), "shape"),
        (lambda p: p[:1], "2 players"),
    ],
)
def test_what_is_no_policy_is_refused_by_name(spoil, message):
    form = games.compile("kuhn_poker")
    with pytest.raises(PolicyError, match=message):
        exploitability(form, spoil(uniform_profile(form)))
