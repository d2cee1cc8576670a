"""Partners of the Axelrod library play in OpenSpiel as in their own library; skipped where it is missing."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from benchmarks.studies.axelrod_pool import POOL, AxelrodBot, PartnerError, partner_names
from nashforge.games.dilemmas.matrix import iterated, matrix_dilemma

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


class Drawn:
    """A generator that draws what a match has drawn."""

    def __init__(self, seed):
        self.integers = lambda _: seed


def match_of(first, second, rounds):
    """Return what the library itself plays, with the seeds 7 and 8."""
    kinds = {kind.name: kind for kind in axelrod.strategies}
    match = axelrod.Match([kinds[first](), kinds[second]()], turns=rounds)
    for player, seed in zip(match.players, (7, 8), strict=True):
        player.reset()
        player.set_match_attributes(**match.match_attributes)
        player.set_seed(seed)
    played = [match.simultaneous_play(*match.players) for _ in range(rounds)]
    return [tuple(int(move == axelrod.Action.D) for move in pair) for pair in played]


def bots_of(first, second):
    return AxelrodBot(0, first, Drawn(7)), AxelrodBot(1, second, Drawn(8))


TEAMS = ("Meta Hunter", "Meta Hunter Aggressive", "Memory Decay", "Meta Majority Memory One")
QUICK = [kind.name for kind in axelrod.strategies if not kind.classifier["long_run_time"]]


@pytest.mark.parametrize("second", ["Cooperator", "Alternator", "Random"])
def test_every_partner_plays_as_in_its_own_library(second):
    rounds = 12
    game = iterated(matrix_dilemma("prisoners_dilemma"), rounds)
    for first in dict.fromkeys((*QUICK, *TEAMS)):
        bots = bots_of(first, second)
        state = game.new_initial_state()
        while not state.is_terminal():
            state.apply_actions([bot.step(state) for bot in bots])
        moves = state.history()
        assert list(zip(moves[::2], moves[1::2], strict=True)) == match_of(first, second, rounds), first


def test_a_team_remembers_what_was_played():
    # As axelrod.Match((MetaHunterAggressive(), Cooperator()), turns=12) plays.
    assert [own for own, _ in moves_of("Meta Hunter Aggressive", "Cooperator", 12)[0]] == [0] * 4 + [1] * 8


@pytest.mark.parametrize("first", ["BackStabber", "Cycler CCCD", "Fortress3", "Random", "Meta Hunter"])
def test_a_partner_can_join_in_the_middle_and_be_asked_twice(first):
    game = iterated(matrix_dilemma("prisoners_dilemma"), 12)
    expected = match_of(first, "Alternator", 12)
    state = game.new_initial_state()
    for pair in expected[:5]:
        state.apply_actions(list(pair))
    own, other = bots_of(first, "Alternator")
    own.restart_at(state)
    other.restart_at(state)
    while not state.is_terminal():
        own.step(state)
        state.apply_actions([own.step(state), other.step(state)])
    assert state.history() == [move for pair in expected for move in pair]


def test_partners_that_randomise_repeat_by_their_seed():
    assert moves_of("Random", "Random", 40, seed=1) == moves_of("Random", "Random", 40, seed=1)
    assert moves_of("Random", "Random", 40, seed=1) != moves_of("Random", "Random", 40, seed=2)


def test_partners_that_are_not_there():
    assert set(POOL) <= set(partner_names())
    with pytest.raises(PartnerError, match="did you mean Grudger"):
        AxelrodBot(0, "Grudge", np.random.default_rng(0))
