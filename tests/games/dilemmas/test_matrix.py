"""Matrix dilemmas are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.dilemmas.matrix import COOPERATE, matrix_dilemma
from nashforge.games.errors import GameError


@pytest.mark.parametrize(
    ("name", "greed", "fear"),
    [("prisoners_dilemma", True, True), ("stag_hunt", False, True), ("chicken", True, False)],
)
def test_the_three_dilemmas_differ_in_fear_and_greed(name, greed, fear):
    """Greed: it tempts to defect against a cooperator. Fear: it pays to defect against a defector."""
    cooperate = COOPERATE[name]
    order = [cooperate, 1 - cooperate]
    game = matrix_dilemma(name)
    (reward, sucker), (temptation, punishment) = [
        [game.player_utility(0, own, other) for other in order] for own in order
    ]
    assert (temptation > reward, punishment > sucker) == (greed, fear)
    assert reward > max(punishment, sucker)


@pytest.mark.parametrize("players", [2, 3, 5])
def test_public_goods_tempt_everybody_and_hurt_all(players):
    game = matrix_dilemma("public_goods", players)
    give, keep = COOPERATE["public_goods"], 1

    def returns(profile):
        state = game.new_initial_state()
        state.apply_actions(list(profile))
        return state.returns()

    assert sum(returns([give] * players)) == pytest.approx(0.6 * players)
    assert returns([keep] * players) == [0.0] * players
    rng = np.random.default_rng(0)
    for _ in range(10):
        profile = rng.integers(0, 2, size=players).tolist()
        for player in range(players):
            gives = [*profile[:player], give, *profile[player + 1 :]]
            keeps = [*profile[:player], keep, *profile[player + 1 :]]
            assert returns(keeps)[player] > returns(gives)[player]
            assert sum(returns(keeps)) < sum(returns(gives))


@pytest.mark.parametrize(
    ("name", "options", "wrong"),
    [
        ("ultimatum", {}, "choose one of prisoners_dilemma"),
        ("chicken", {"players": 3}, "for two players"),
        ("public_goods", {"players": 1}, "2 to 10 players"),
        ("public_goods", {"players": 3, "multiplier": 3.0}, "no dilemma"),
    ],
)
def test_games_that_are_not_there(name, options, wrong):
    with pytest.raises(GameError, match=wrong):
        matrix_dilemma(name, **options)
