"""The cooperative grid, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.dilemmas.cooperation import EAST, NORTH, SIZE, SOUTH, STAY, WEST, Cooperation


def begun(seed=0, **state):
    grid = Cooperation()
    grid.reset(np.random.default_rng(seed))
    for name, value in state.items():
        getattr(grid, name)[:] = value
    return grid


def at(row, column):
    return row * SIZE + column


def test_an_episode_begins_as_described():
    grid = begun()
    assert grid.cells.tolist() == [at(1, 0), at(0, 1)]
    assert grid.onions.tolist() == [1, 1]
    assert grid.step([STAY, STAY]).tolist() == [0, 0]


def test_fetching_an_onion_earns_both_and_costs_who_walks():
    grid = begun(cells=[at(3, 3), at(0, 0)])
    assert grid.step([EAST, STAY]) == pytest.approx([0.8, 1.0])
    assert grid.carrying.tolist() == [1, 0]
    # The other onion stays where it is.
    grid.cells[0] = at(4, 2)
    assert grid.step([EAST, STAY]) == pytest.approx([-0.2, 0.0])
    assert grid.onions[1] == 1
    grid.cells[0] = at(2, 3)
    assert grid.step([WEST, STAY]) == pytest.approx([9.8, 10.0])
    assert grid.carrying.tolist() == [0, 0]
    assert grid.cells[0] == at(2, 3)  # the pot is solid
    assert grid.step([WEST, STAY]) == pytest.approx([-0.2, 0.0])
    assert grid.tally.tolist() == [[1, 0], [1, 0], [0, 0], [4, 0]]


def test_borders_block_and_collisions_cost_the_mover():
    grid = begun(cells=[at(0, 0), at(0, 2)])
    assert grid.step([NORTH, STAY]) == pytest.approx([-0.2, 0])
    assert grid.cells[0] == at(0, 0)
    grid = begun(cells=[at(0, 1), at(0, 2)])
    assert grid.step([EAST, STAY]) == pytest.approx([-2.2, 0])
    assert grid.cells.tolist() == [at(0, 1), at(0, 2)]
    assert grid.step([EAST, WEST]) == pytest.approx([-2.2, -2.2])


def test_who_acts_first_is_drawn_anew():
    winners = set()
    for seed in range(20):
        grid = begun(seed, cells=[at(0, 1), at(0, 3)])
        rewards = grid.step([EAST, WEST])
        assert sorted(rewards) == pytest.approx([-2.2, -0.2])
        winners.add(int(rewards.argmax()))
    assert winners == {0, 1}


def test_onions_come_back_with_the_stated_probability_where_nobody_stands():
    waits = []
    for seed in range(400):
        grid = begun(seed, onions=[0, 0])
        steps = 0
        while not grid.onions[0] and not grid.done:
            grid.step([STAY, STAY])
            steps += 1
        waits.append(steps)
    assert np.mean(waits) == pytest.approx(5, abs=4 * np.sqrt(20 / 400))
    grid = begun(onions=[0, 1], cells=[at(3, 4), at(0, 0)])
    while not grid.done:
        grid.step([STAY, STAY])
    assert grid.onions[0] == 0


def test_episodes_repeat_by_their_seed_and_copies_are_independent():
    rng = np.random.default_rng(5)
    actions = rng.integers(0, 5, size=(50, 2))
    one, other = begun(7), begun(7)
    for k, chosen in enumerate(actions):
        if k == 20:
            twin = one.copy()
        assert one.step(chosen).tolist() == other.step(chosen).tolist()
    assert twin.step_number == 20
    for chosen in actions[20:]:
        twin.step(chosen)
    assert twin.returns.tolist() == one.returns.tolist()
    assert one.done


@pytest.mark.parametrize("actions", [[0], [0, 5], [-1, 0]])
def test_illegal_actions_are_refused(actions):
    with pytest.raises(ValueError, match="two numbers from 0 to 4"):
        begun().step(actions)


def test_nothing_happens_before_an_episode_or_after_it():
    with pytest.raises(RuntimeError, match="reset"):
        Cooperation().step([SOUTH, STAY])
