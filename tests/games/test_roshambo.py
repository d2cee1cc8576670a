"""The bots of rock, paper, scissors: all there, told in a sentence, and repeatable by seed."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from nashforge.games.roshambo.arguments import bot_arguments
from nashforge.games.roshambo.bots import BOTS, PAYOFF, THROWS, BotError, check_bot, require_bots
from nashforge.games.roshambo.host import Host


def throws(bot: str, seed: int, count: int = 60) -> list[int]:
    """Return what a bot throws against one that throws the squares of 0, 1, 2, ... modulo 3."""
    out = {"throw": np.zeros(1)}
    host, found = Host({}, bot_arguments(bot, seed)["setup"], {}, out), []
    for t in range(count):
        host.call((t - 1) ** 2 % 3 if t else -1)
        found.append(int(out["throw"][0]))
    return found


def test_the_bots_are_those_of_openspiel() -> None:
    assert sorted(BOTS) == sorted(pyspiel.roshambo_bot_names())
    assert (len(BOTS), THROWS) == (pyspiel.ROSHAMBO_NUM_BOTS, pyspiel.ROSHAMBO_NUM_THROWS)
    require_bots()
    with pytest.raises(BotError, match="no bot 'greenburg' of rock, paper, scissors; did you mean greenberg"):
        check_bot("greenburg")


def test_an_openspiel_without_bots_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyspiel, "roshambo_bot_names", lambda: ["randbot"])
    with pytest.raises(BotError, match=r"lacks the bots .*greenberg.*; install a newer one"):
        require_bots()
    monkeypatch.delattr(pyspiel, "roshambo_bot_names")
    with pytest.raises(BotError, match="built without the bots"):
        require_bots()


def test_payoffs_are_those_of_openspiel() -> None:
    game = pyspiel.load_matrix_game("matrix_rps")
    assert np.array_equal(PAYOFF, game.row_utilities())


@pytest.mark.parametrize("bot", ["randbot", "greenberg", "iocainebot", "multibot", "shofar"])
def test_a_seed_repeats_a_bot_whatever_was_drawn_before(bot: str) -> None:
    first = throws(bot, 5)
    throws("randbot", 6)
    assert throws(bot, 5) == first


def test_seeds_differ_and_bots_see_the_other() -> None:
    assert throws("randbot", 1) != throws("randbot", 2)
    assert throws("rotatebot", 1, 6) == [0, 1, 2, 0, 1, 2]
    squares = [t**2 % 3 for t in range(59)]
    assert throws("copybot", 1)[1:] == [(throw + 1) % 3 for throw in squares]
