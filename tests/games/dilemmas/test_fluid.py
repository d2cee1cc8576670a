"""Agents that spawn and leave, by hand; and the entry game against its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.games.dilemmas import kernels, make
from nashforge.games.dilemmas.actions import FORWARD, LEAVE, SPAWN, STAND
from nashforge.games.dilemmas.entry import free_entry, planned_entry

SETTING = "gathering(agents=2,map=gathering_small,horizon=60,offspring=2,spawn_cost=7)"


def begun(text=SETTING, seed=0):
    environment = make(text)
    environment.reset(np.random.default_rng(seed))
    return environment


def everyone(environment, action=STAND):
    return np.full(environment.agents, action)


def test_only_founders_are_there_at_the_start():
    environment = begun()
    assert environment.agents == 6
    assert (environment.table[kernels.CELL, :2] >= 0).all()
    assert (environment.table[:, 2:] == kernels.UNBORN).all()


def test_a_child_stands_beside_its_parent_is_of_its_line_and_costs():
    environment = begun()
    actions = everyone(environment)
    actions[1] = SPAWN
    environment.step(actions)
    there = np.flatnonzero(environment.table[kernels.CELL] >= 0)
    assert there.tolist() == [0, 1, 3]  # 3 is 1 modulo two founders
    parent, child = environment.table[kernels.CELL, [1, 3]]
    assert environment.paths.distance[parent, child] == 1
    eaten = environment.tally[kernels.APPLES]
    assert environment.rewards.tolist() == [eaten[0], eaten[1] - 7, 0, 0, 0, 0]
    assert environment.lived.tolist() == [1, 1, 0, 0, 0, 0]  # it takes part from the next step on
    environment.step(everyone(environment))
    assert environment.lived.tolist() == [2, 2, 0, 1, 0, 0]


def test_lines_have_an_end_and_a_step_is_lost_at_it():
    environment = begun()
    actions = everyone(environment)
    actions[0] = SPAWN
    for _ in range(5):
        environment.step(actions)
    assert np.flatnonzero(environment.table[kernels.CELL] >= 0).tolist() == [0, 1, 2, 4]
    assert environment.returns[0] == environment.tally[kernels.APPLES, 0] - 2 * 7
    assert environment.tally[kernels.IDLE, 0] == 3


def test_a_grandchild_is_of_the_same_line():
    environment = begun()
    actions = everyone(environment)
    actions[0] = SPAWN
    environment.step(actions)
    actions = everyone(environment)
    actions[2] = SPAWN
    environment.step(actions)
    assert environment.table[kernels.CELL, 4] >= 0
    assert environment.rewards[2] == environment.tally[kernels.APPLES, 2] - 7


def test_who_leaves_is_gone_for_good_and_its_place_is_not_taken_again():
    environment = begun()
    actions = everyone(environment)
    actions[0] = LEAVE
    environment.step(actions)
    assert (environment.table[:, 0] == kernels.LEFT).all()
    before = environment.returns[0]
    for action in (SPAWN, FORWARD, STAND):
        environment.step(everyone(environment, action))
    assert (environment.table[:, 0] == kernels.LEFT).all()
    assert environment.returns[0] == before
    assert environment.lived[0] == 1
    # Nobody of its line is there to spawn; the other line has its two children.
    assert np.flatnonzero(environment.table[kernels.CELL] >= 0).tolist() == [1, 3]


def test_nobody_hits_who_is_not_there_and_waste_ignores_them():
    environment = begun("cleanup(agents=1,map=cleanup_small,horizon=60,offspring=3)")
    rng = np.random.default_rng(1)
    for _ in range(60):
        environment.step(rng.choice(environment.actions, size=environment.agents))
    there = environment.table[kernels.CELL] >= 0
    assert (environment.table[:, ~there] < 0).all()
    assert environment.tally[kernels.TAGGED, environment.lived == 0].sum() == 0


@given(st.integers(0, 2**32 - 1))
def test_whatever_agents_do_all_is_accounted_for(seed):
    environment = begun(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(60):
        environment.step(rng.choice([FORWARD, 5, SPAWN, LEAVE, STAND], p=[0.5, 0.3, 0.1, 0.05, 0.05], size=6))
    born = int((environment.table[kernels.CELL] != kernels.UNBORN).sum()) - 2
    assert environment.returns.sum() == environment.eaten.sum() - 7 * born
    assert environment.eaten.sum() == environment.tally[kernels.APPLES].sum()
    assert environment.lived.max() <= 60


def test_only_fluid_groups_may_spawn():
    environment = begun("gathering(agents=2,map=gathering_small)")
    with pytest.raises(ValueError, match=r"those of gathering.* are 0 forward, .*7 stand$"):
        environment.step([SPAWN, STAND])
    assert environment.step([STAND, STAND]).shape == (2,)
    assert environment.lived.tolist() == [1, 1]


@pytest.mark.parametrize(("scale", "power", "cost"), [(40.0, 0.5, 4.0), (100.0, 0.7, 30.0), (9.0, 0.3, 0.7)])
def test_entry_is_as_the_closed_form_says(scale, power, cost):
    numbers = np.arange(1, 2000)
    yields = scale * numbers**power
    free = (scale / cost) ** (1 / (1 - power))
    planned = (power * scale / cost) ** (1 / (1 - power))
    assert free_entry(yields, cost) == int(free + 1e-9)
    assert abs(planned_entry(yields, cost) - planned) <= 1
    assert planned < free


def test_nobody_enters_where_nothing_pays():
    assert free_entry(np.array([1.0, 1.5]), 2.0) == 0
    assert planned_entry(np.array([1.0, 1.5]), 2.0) == 1  # the least of the numbers that were given
