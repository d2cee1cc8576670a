"""Partners of the Axelrod library play in OpenSpiel as in their own library; skipped where it is missing."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from games.dilemmas.matrix import iterated, matrix_dilemma
from solvers.policies.axelrod_pool import POOL, AxelrodBot, PartnerError, partner_names

axelrod = pytest.importorskip("axelrod")


def moves_of(first, second, rounds, seed=3):
    game = iterated(matrix_dilemma("prisoners_dilemma"), rounds)
    rng = np.random.default_rng(seed)
    bots = [AxelrodBot(0, first, rng), AxelrodBot(1, second, rng)]
    state = game.new_initial_state()
    while not state.is_terminal():
        state.apply_actions([bot.step(state) for bot in bots])
    moves = state.history()
    return list(zip(moves[::2], moves[1::2])), state.returns()


@pytest.mark.parametrize("first", [name for name in POOL if name not in ("GTFT", "Random")])
@pytest.mark.parametrize("second", ["Tit For Tat", "Defector", "Grudger", "Alternator"])
def test_partners_play_as_in_their_own_library(first, second):
    kinds = {kind.name: kind for kind in axelrod.strategies}
    expected = axelrod.Match((kinds[first](), kinds[second]()), turns=20).play()
    found, returns = moves_of(first, second, 20)
    assert found == [tuple(int(a == axelrod.Action.D) for a in pair) for pair in expected]
    stage = pyspiel.load_matrix_game("matrix_pd")
    assert returns[0] == sum(stage.player_utility(0, a, b) for a, b in found)


def test_partners_that_randomise_repeat_by_their_seed():
    assert moves_of("Random", "Random", 40, seed=1) == moves_of("Random", "Random", 40, seed=1)
    assert moves_of("Random", "Random", 40, seed=1) != moves_of("Random", "Random", 40, seed=2)


def test_partners_that_are_not_there():
    assert set(POOL) <= set(partner_names())
    with pytest.raises(PartnerError, match="did you mean Grudger"):
        AxelrodBot(0, "Grudge", np.random.default_rng(0))
