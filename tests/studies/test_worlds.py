"""Worlds played in many copies are the games they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies.worlds import CooperationWorld, MarkovWorld
from nashforge.games.dilemmas.cooperation import Cooperation
from nashforge.games.markov import MarkovGame, cliff_walk, contribution_line


def test_every_copy_of_the_grid_is_an_episode_of_it() -> None:
    copies, horizon = 6, 50
    rng = np.random.default_rng(0)
    world = CooperationWorld(copies, horizon)
    world.reset(np.random.default_rng(1))
    luck = np.random.default_rng(1).random((horizon, copies, 3))
    single = [Cooperation(horizon) for _ in range(copies)]
    for k, game in enumerate(single):
        game.reset(rng)
        game._luck = luck[:, k]
    deliveries = 0
    for t in range(horizon):
        # Mostly towards onions and pot and back, so that something happens.
        actions = rng.choice(5, size=(2, copies), p=[0.25, 0.25, 0.25, 0.2, 0.05])
        rewards, done = world.step(actions)
        assert done == (t == horizon - 1)
        for k, game in enumerate(single):
            np.testing.assert_array_equal(rewards[:, k], game.step(actions[:, k]))
            np.testing.assert_array_equal(world.cells[k], game.cells)
            np.testing.assert_array_equal(world.onions[k], game.onions)
            np.testing.assert_array_equal(world.carrying[k], game.carrying)
    for k, game in enumerate(single):
        np.testing.assert_array_equal(world.tally[k], game.tally)
        deliveries += int(game.tally[0].sum())
    assert deliveries > 0


def test_agents_of_the_grid_see_themselves_first() -> None:
    world = CooperationWorld(2, 4)
    world.reset(np.random.default_rng(0))
    world.cells[1], world.carrying[1], world.onions[1] = (7, 13), (0, 1), (1, 0)
    world.step(np.full((2, 2), 4))
    first, second = world.observe()
    for seen, own, other, carries in ((first, 7, 13, [0, 1]), (second, 13, 7, [1, 0])):
        assert np.flatnonzero(seen[1, :25]).tolist() == [own]
        assert np.flatnonzero(seen[1, 25:50]).tolist() == [other]
        assert seen[1, 50:52].tolist() == carries
        assert seen[1, 52] == 1.0
        assert seen[1, 54] == 0.75


def test_states_of_a_markov_game_follow_its_probabilities() -> None:
    game = cliff_walk()
    copies = 20_000
    world = MarkovWorld(game, copies, 3)
    world.reset(np.random.default_rng(0))
    start = int(np.argmax(game.initial))
    assert (world.states == start).all()
    actions = np.stack([np.full(copies, 0), np.arange(copies) % 2])
    rewards, done = world.step(actions)
    assert not done
    for push in range(2):
        reached = world.states[push::2]
        share = np.bincount(reached, minlength=game.states) / len(reached)
        error = 0.5 / len(reached) ** 0.5
        np.testing.assert_allclose(share, game.transitions[start, 0, push], atol=5 * error)
        assert (rewards[:, push::2] == game.rewards[:, start, 0, push][:, None]).all()
    seen = world.observe()[1]
    assert (seen[:, :-1].argmax(axis=1) == world.states).all()
    assert seen[0, -1] == pytest.approx(2 / 3)


def test_first_states_are_drawn() -> None:
    line = contribution_line(2)
    game = MarkovGame("two starts", line.rewards, line.transitions, np.array([0.5, 0, 0, 0.5]), line.labels)
    world = MarkovWorld(game, 1000, 1)
    world.reset(np.random.default_rng(0))
    assert np.bincount(world.states).tolist() == pytest.approx([500, 0, 0, 500], abs=80)


def test_an_episode_that_is_over_needs_a_reset() -> None:
    world = MarkovWorld(contribution_line(1), 1, 1)
    with pytest.raises(RuntimeError, match="call reset first"):
        world.step(np.zeros((2, 1), dtype=np.int64))
    world.reset(np.random.default_rng(0))
    _, done = world.step(np.zeros((2, 1), dtype=np.int64))
    assert done
    with pytest.raises(RuntimeError, match="call reset first"):
        world.step(np.zeros((2, 1), dtype=np.int64))


def test_a_world_has_copies_and_steps() -> None:
    with pytest.raises(ValueError, match="got 0 and 50"):
        CooperationWorld(0)
