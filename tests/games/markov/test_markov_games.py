"""Tabular Markov games: reading, disguises, and OpenSpiel grids against the games themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
import pytest

from nashforge.games.errors import GameError, GameStringError, UnsupportedGameError
from nashforge.games.markov import MarkovGame, is_markov, markov_game, random_markov, tabulate
from nashforge.games.markov.reading import WORLDS

SOCCER = r"markov_soccer(grid=.A\nO.\n.B)"


@pytest.mark.parametrize("text", [*(example for _, example in WORLDS.values()), SOCCER])
def test_strings_make_games(text: str) -> None:
    game = markov_game(text)
    assert is_markov(text)
    assert game.initial.sum() == pytest.approx(1)
    assert game.states == len(game.labels) == len(set(game.labels))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("cliff_walk(4)", GameStringError, r"write for example cliff_walk\(4x3\)"),
        ("cliff_walk(1x3)", GameStringError, "between 2x2 and 30"),
        ("contribution_line(2,seed=1)", GameStringError, "contribution_line"),
        ("random_markov(0,2x2)", GameStringError, "between 1x1x1 and 30"),
        ("kuhn_poker", UnsupportedGameError, "no game of two players who move at once"),
        ("markov_soccer(grid=A", GameStringError, "closing bracket"),
        ("markov_soccer", UnsupportedGameError, "more than 400 Markov states"),
        ("coop_box_pushing", UnsupportedGameError, "more than 400 Markov states"),
        ("oshi_zumo(size=1,coins=3)", UnsupportedGameError, "other actions in other states"),
        (r"pathfinding(players=2,grid=A.b\nB.a)", UnsupportedGameError, "look alike and go on differently"),
    ],
)
def test_what_is_no_table_is_refused(text: str, kind: type[GameError], words: str) -> None:
    with pytest.raises(kind, match=words):
        markov_game(text)


def settled(state: Any, rng: np.random.Generator) -> Any:
    """Let chance move."""
    while state.is_chance_node():
        outcomes, chances = zip(*state.chance_outcomes(), strict=True)
        state.apply_action(int(rng.choice(outcomes, p=chances)))
    return state


def name_of(state: Any) -> str:
    return "end" if state.is_terminal() else " / ".join(str(state).split())


def test_a_table_plays_like_the_openspiel_game() -> None:
    """Random walks in OpenSpiel meet only states, rewards and successors that the table has."""
    table = tabulate(SOCCER)
    index = {label: s for s, label in enumerate(table.labels)}
    game = pyspiel.load_game(SOCCER.replace(r"\n", "\n"))
    rng, visited = np.random.default_rng(0), set()
    earned, expected = np.zeros(2), np.zeros(2)
    for _ in range(300):
        state = settled(game.new_initial_state(), rng)
        s = index[name_of(state)]
        assert table.initial[s] > 0
        while s != index["end"]:
            visited.add(s)
            a, b = (int(rng.choice(state.legal_actions(player))) for player in range(2))
            before = np.array(state.returns())
            state.apply_actions([a, b])
            label = name_of(settled(state, rng))
            assert table.transitions[s, a, b, index[label]] > 0
            expected += table.rewards[:, s, a, b]
            earned += np.array(state.returns()) - before
            s = index[label]
    assert len(visited) > 0.9 * (table.states - 1)
    assert earned == pytest.approx(expected, abs=40)  # means of 300 games: within two deviations
    assert earned[0] == -earned[1]


def test_probabilities_are_those_of_chance() -> None:
    """Who moves first is a fair coin in Markov soccer: sampled frequencies agree with the table."""
    table = tabulate(SOCCER)
    game, rng = pyspiel.load_game(SOCCER.replace(r"\n", "\n")), np.random.default_rng(1)
    counts, total = np.zeros(table.states), 2000
    index = {label: s for s, label in enumerate(table.labels)}
    a, b = 1, 0  # towards each other
    for _ in range(total):
        state = settled(game.new_initial_state(), rng)
        state.apply_actions([a, b])
        counts[index[name_of(settled(state, rng))]] += 1
    row = table.initial @ table.transitions[:, a, b]
    assert counts / total == pytest.approx(row, abs=0.05)


def test_disguises_keep_the_game() -> None:
    """Undone by hand: the same rewards and transitions under other numbers."""
    game = random_markov(4, 2, 3, np.random.default_rng(5))
    for seed in range(4):
        hidden, exchanged = game.disguised(np.random.default_rng(seed))
        assert hidden.actions == (game.actions[::-1] if exchanged else game.actions)
        rewards = hidden.rewards[::-1] if exchanged else hidden.rewards
        for mine, theirs in zip(rewards, game.rewards, strict=True):
            assert np.sort(mine.ravel()) == pytest.approx(np.sort(theirs.ravel()))
        for label in game.labels:
            s, there = game.labels.index(label), hidden.labels.index(label)
            assert hidden.initial[there] == game.initial[s]
            before = np.sort(game.transitions[s].reshape(-1, game.states).max(axis=1))
            after = np.sort(hidden.transitions[there].reshape(-1, game.states).max(axis=1))
            assert after == pytest.approx(before)
    changed, _ = game.disguised(np.random.default_rng(0), 0.2)
    plain, _ = game.disguised(np.random.default_rng(0), 0.0)
    ratio = changed.rewards / plain.rewards
    assert 0.8 <= ratio.min() < ratio.max() <= 1.2


def test_scaled_rewards_have_a_range_of_one_and_keep_zero() -> None:
    game = markov_game("cliff_walk(3x2)").scaled()
    for rewards in game.rewards:
        assert np.ptp(rewards) == pytest.approx(1)
    assert (game.rewards[:, game.labels.index("end")] == 0).all()
    flat = MarkovGame("flat", np.zeros((2, 1, 1, 1)), np.ones((1, 1, 1, 1)), np.ones(1), ("s",))
    assert (flat.scaled().rewards == 0).all()
