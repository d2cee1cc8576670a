"""Players: what they may return, how their choices learn, and what a match is worth."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.solvers.programs.session import InlineSession, load_module
from nashforge.solvers.rrps import host
from nashforge.solvers.rrps.interface import Player
from nashforge.solvers.rrps.library import LIBRARY
from nashforge.solvers.rrps.match import Match, play_match, population_scores

PLAYER = (
    "from nashforge.solvers.rrps.interface import Player\n\n"
    "class P(Player):\n    def act(self, own, theirs, t):\n"
)


def played(source: str, opponent, throws: int = 300, seed: int = 0, shift: int = 0) -> Match:
    session = InlineSession(load_module(source), **host.arguments(throws))
    return play_match(session, opponent, throws, np.random.default_rng(seed), shift)


def rotating():
    throws = iter(range(10**6))
    return lambda last: next(throws) % 3


def test_an_expected_return_is_that_of_the_strategies_and_a_realised_one_of_the_throws() -> None:
    match = played(PLAYER + "        return 2 if t % 2 else [1, 3, 0]", lambda last: 0, 400)
    assert match.strategies[:2].tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    assert match.expected == pytest.approx(200 * 0.75 - 200)  # paper beats rock, scissors lose to it
    assert match.realised == np.count_nonzero(match.own == 1) - 200
    assert abs(match.realised - match.expected) < 5 * np.sqrt(200 * 0.75 * 0.25)


def test_the_opponent_sees_the_throws_and_not_those_of_this_round() -> None:
    seen: list[int] = []

    def opponent(last: int) -> int:
        seen.append(last)
        return 0

    match = played(PLAYER + "        return t % 3", opponent, 5)
    assert seen == [-1, 0, 1, 2, 0]
    assert match.theirs.tolist() == [0] * 5


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        ("3", "returned the throw 3; it must be a throw"),
        ("None", "returned nothing; it must be a throw"),
        ("0.5", "returned a float; it must be a throw"),
        ("[1, 1]", r"an array of shape \(2,\)"),
        ("[0, 0, 0]", "not negative and not all 0"),
        ("[1, -1, 1]", "not negative and not all 0"),
        ("[1, 1, float('nan')]", "must be finite"),
    ],
)
def test_what_is_no_strategy_is_told(returned: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        played(PLAYER + f"        return {returned}", lambda last: 0, 3)


def test_weights_of_any_size_are_shares() -> None:
    assert host.weights(np.array([1e308, 1e308, 0.0])).tolist() == [0.5, 0.5, 0.0]
    assert host.weights((1e-300, 0, 0)).tolist() == [1.0, 0.0, 0.0]


def test_histories_cannot_be_written_and_the_score_is_that_of_the_throws() -> None:
    with pytest.raises(ValueError, match="read-only"):
        played(PLAYER + "        own[:1] = 0\n        return 0", lambda last: 0, 3)
    check = "        assert self.score == -t and own.tolist() == [0] * t and theirs.tolist() == [1] * t\n"
    played(PLAYER + check + "        return 0", lambda last: 1, 20)


def test_choices_follow_what_would_have_paid() -> None:
    rock, paper, scissors = np.eye(3)
    player = Player(10)
    assert np.array_equal(player.lead(1.0, rock, paper, scissors), rock)
    player._observe(0, 0)  # they threw rock
    assert np.array_equal(player.lead(1.0, rock, paper, scissors), paper)
    player._observe(0, 1)
    player.lead(0.1, rock, paper, scissors)
    player._observe(0, 1)
    assert np.array_equal(player.lead(0.1, rock, paper, scissors), scissors)  # the latest count most
    mixed = Player(10)
    mixed.hedge(1.0, 1.0, rock, paper)
    mixed._observe(0, 0)
    e = np.e
    assert mixed.hedge(1.0, 1.0, rock, paper) == pytest.approx([1 / (1 + e), e / (1 + e), 0])


def test_two_choices_in_one_throw_have_gains_of_their_own() -> None:
    rock, paper, scissors = np.eye(3)
    player = Player(10)
    for _ in range(2):
        first, second = player.lead(1.0, rock, paper), player.lead(1.0, scissors, rock)
        player._observe(0, 0)
    assert np.array_equal(first, paper)
    assert np.array_equal(second, rock)
    assert np.array_equal(player.outguess(1.0, rock), rock)


def test_replies_beat_predictions() -> None:
    player = Player(1)
    assert player.reply(np.array([0.5, 0.3, 0.2])).tolist() == [0, 1, 0]
    assert player.reply(np.full(3, 1 / 3)) == pytest.approx(np.full(3, 1 / 3))
    assert player.beat(np.eye(3)[2]).tolist() == [1, 0, 0]
    assert player.cede(player.beat(np.array([0.2, 0.3, 0.5]))).tolist() == [0.2, 0.3, 0.5]


@pytest.mark.parametrize("name", [name for name in LIBRARY.names() if name != "rotation"])
@pytest.mark.parametrize("shift", [1, 2])
def test_names_of_throws_mean_nothing_to_the_library(name: str, shift: int) -> None:
    def copying(last: int) -> int:
        return (last + 1) % 3

    plain, other = (played(LIBRARY.source(name), copying, 120, shift=by) for by in (0, shift))
    assert np.array_equal(plain.own, other.own)
    assert plain.expected == pytest.approx(other.expected)


def test_a_player_of_fixed_throws_is_found_out_by_relabelling() -> None:
    source = PLAYER + "        return 1"
    assert [played(source, lambda last: 0, 9, shift=by).expected for by in (0, 1, 2)] == [9, 0, -9]


@pytest.mark.parametrize("name", ["anti_rotation", "markov", "history_match", "second_guess", "powder"])
def test_the_library_finds_a_rotation_out(name: str) -> None:
    assert played(LIBRARY.source(name), rotating()).expected > 260


def test_scores_of_a_population() -> None:
    found = population_scores({"a": 10.0, "b": -4.0, "c": 0.0})
    assert found == {"pop_return": 2.0, "within_pop_expl": 4.0, "agg_score": -2.0}
    assert population_scores({"a": 3.0})["within_pop_expl"] == -3.0
