"""Payoff matrices from strings, and the games played by people."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge import games
from nashforge.games.matrix import bimatrix, family_names, human_games


def test_games_of_people_by_name() -> None:
    game = bimatrix("sc4")
    assert game.payoffs[0].tolist() == [[7, 0], [5, 9]]
    assert game.payoffs[1].tolist() == [[4, 11], [6, 2]]
    assert len(human_games()) == 13
    assert not game.payoffs[0].flags.writeable


def test_literals_have_rows_of_player_1_for_both() -> None:
    game = bimatrix("7 0 / 5 9 ; 4 11 / 6 2")
    same = bimatrix("SC4")
    assert np.array_equal(game.payoffs[0], same.payoffs[0])
    assert np.array_equal(game.payoffs[1], same.payoffs[1])
    assert bimatrix("1 -1 / -2 1").payoffs[1].tolist() == [[-1, 1], [2, -1]]


@pytest.mark.parametrize("family", family_names())
def test_families_are_drawn_from_their_seed(family: str) -> None:
    one, same, other = (bimatrix(f"{family}(3x4,seed={seed})") for seed in (1, 1, 2))
    assert one.payoffs[0].shape == (3, 4)
    assert one.payoffs[1].shape == (3, 4)
    assert np.array_equal(one.payoffs[0], same.payoffs[0])
    assert not np.array_equal(one.payoffs[0], other.payoffs[0])


def test_one_shot_games_of_open_spiel() -> None:
    game = bimatrix("matrix_pd")
    assert game.payoffs[0].tolist() == [[5, 0], [10, 1]]
    assert game.payoffs[1].tolist() == [[5, 10], [0, 1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kuhn_poker", "not a one-shot game"),
        ("1 2 / 3", "not a pair of payoff matrices"),
        ("1 x / 3 4", "not a pair of payoff matrices"),
        ("no_such_game", r"SC1 to SC12, GHP4"),
        ("random(2000)", "between 1 and 1000"),
    ],
)
def test_errors_say_what_can_be_given(text: str, words: str) -> None:
    with pytest.raises(games.GameError, match=words):
        bimatrix(text)
