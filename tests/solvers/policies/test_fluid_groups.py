"""Policies of agents that spawn and leave: what a child knows, who is asked, and what is measured."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.dilemmas import Setting
from nashforge.solvers.policies import self_play
from nashforge.solvers.policies.cross_play import mixed
from nashforge.solvers.policies.episode import in_process, lines

FLUID = Setting("gathering", map="gathering_small", agents=2, horizon=50, offspring=2, spawn_cost=3)
HEAD = "from nashforge.solvers.policies.interface import *\n"
SPAWNS = HEAD + "def act(o, memory):\n    return SPAWN if may_spawn(o) else STAND\n"
STANDS = HEAD + "def act(o, memory):\n    return STAND\n"


def test_children_run_the_program_of_their_line_with_a_memory_of_their_own():
    # Whoever is new says so by leaving at once; founders are new in the first step.
    source = HEAD + (
        "def act(o, memory):\n"
        "    memory['age'] = memory.get('age', -1) + 1\n"
        "    if o.agent >= o.world.founders:\n"
        "        assert memory['age'] == 0 and o.step == 1 and o.cells[o.agent] == o.cell\n"
        "        return LEAVE\n"
        "    return SPAWN if o.step == 0 and o.agent == 0 else STAND\n"
    )
    [episode] = self_play(FLUID, source, [1])
    assert (episode.raised, episode.invalid) == (0, 0)
    assert episode.lived.tolist() == [50, 50, 1, 0, 0, 0]


def test_one_at_a_time_spawns_until_lines_are_full():
    [episode] = self_play(FLUID, SPAWNS, [1])
    assert episode.lived.tolist() == [50, 50, 49, 47, 48, 46]
    assert (episode.raised, episode.invalid) == (0, 0)


def test_population_is_measured():
    [episode] = self_play(FLUID, SPAWNS, [1])
    earned = episode.returns.sum()
    found = episode.metrics
    assert found["spawned"] == 4
    assert found["population"] == episode.lived.sum() / 50
    assert found["founder_return"] == earned / 2 == episode.by_founder.mean()
    assert found["head_return"] == earned / 6
    assert found["efficiency"] == earned / 50
    assert found["peace"] == found["population"]  # nobody fires
    assert episode.by_founder.tolist() == [episode.returns[k::2].sum() for k in range(2)]


def test_who_never_lived_makes_no_group_unequal():
    [with_room] = self_play(FLUID, STANDS, [1])
    [without] = self_play(Setting("gathering", map="gathering_small", agents=2, horizon=50), STANDS, [1])
    shared = set(without.metrics)
    assert {name: with_room.metrics[name] for name in shared} == without.metrics
    assert with_room.metrics["spawned"] == 0
    assert "spawned" not in without.metrics


def test_lines_keep_to_their_founders_program():
    assert lines(FLUID, ["a", "b"]) == ["a", "b", "a", "b", "a", "b"]
    episode = in_process(FLUID, [SPAWNS, STANDS], 1)
    assert (episode.lived > 0).tolist() == [True, True, True, False, True, False]
    earned = mixed(FLUID, {SPAWNS: 1, STANDS: 1}, [1], in_process)
    seated = np.random.default_rng([1, 2]).permutation(2)
    again = in_process(FLUID, [[SPAWNS, STANDS][k] for k in seated], 1)
    assert sorted(value[0] for value in earned.values()) == sorted(again.by_founder)


def test_with_a_restricted_view_children_have_processes_of_their_own():
    from dataclasses import replace

    episode = in_process(replace(FLUID, view=50), [SPAWNS, SPAWNS], 1)
    assert episode.lived.tolist() == self_play(FLUID, SPAWNS, [1])[0].lived.tolist()


@pytest.mark.parametrize("action", ["SPAWN", "LEAVE"])
def test_where_nobody_comes_or_goes_these_are_no_actions(action):
    source = HEAD + f"def act(o, memory):\n    return {action} if o.step == 0 else STAND\n"
    [episode] = self_play(Setting("gathering", map="gathering_small", agents=2, horizon=5), source, [1])
    assert episode.invalid == 2
