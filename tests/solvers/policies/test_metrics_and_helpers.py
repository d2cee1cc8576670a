"""Social metrics by hand, and what the helpers say against what the environment does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashforge.games.dilemmas import kernels, make
from nashforge.games.dilemmas.actions import BEAM, CLEAN, STAND
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers.policies import interface
from nashforge.solvers.policies.episode import Team, play, send_map, session_arguments
from nashforge.solvers.policies.metrics import social_metrics, summarise
from nashforge.solvers.programs.session import InlineSession

TALLY = np.zeros((kernels.TALLY_ROWS, 4), dtype=np.int64)


def test_metrics_of_a_simple_episode():
    tally = TALLY.copy()
    tally[kernels.INCOME_COUNT] = [2, 1, 0, 0]
    tally[kernels.INCOME_STEPS] = [10, 20, 0, 0]  # means 5 and 20
    tally[kernels.FROZEN] = [0, 25, 25, 50]
    found = social_metrics(np.array([2.0, 1.0, 1.0, 0.0]), tally, 100)
    # sum |differences| = 2 * (1 + 1 + 2 + 0 + 1 + 1) = 12
    assert found == {
        "efficiency": 0.04,
        "equality": 1 - 12 / (2 * 4 * 4),
        "sustainability": 12.5,
        "peace": 3.0,
        "min_reward": 0.0,
        "gini": 12 / (2 * 4 * 4),
    }


@pytest.mark.parametrize("returns", [[0, 0, 0, 0], [-5, -5, -5, -5], [-10, 3, 3, 3]])
def test_equality_is_undefined_for_groups_that_do_not_earn(returns):
    found = social_metrics(np.array(returns, dtype=float), TALLY, 100)
    assert found["equality"] is None
    assert found["sustainability"] is None
    assert found["min_reward"] == min(returns)


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e4, 1e4)))
def test_gini_is_between_equal_and_all_for_one(returns):
    found = social_metrics(returns, np.zeros((kernels.TALLY_ROWS, len(returns)), dtype=np.int64), 10)
    assert -1e-9 <= found["gini"] <= 1 - 1 / len(returns) + 1e-9
    if returns.min() >= 0 and returns.sum() > 0:
        assert found["equality"] == pytest.approx(1 - found["gini"])


def test_intervals_are_students():
    values = [1.0, 2.5, 3.0, 7.0]
    found = summarise(values)
    half = 3.1824463 * np.std(values, ddof=1) / 2  # Student's for four values, as tables have it
    low, high = np.mean(values) - half, np.mean(values) + half
    assert (found.mean, found.low, found.high) == pytest.approx((np.mean(values), low, high))
    assert summarise([1.0, None, 3.0]).count == 2
    one, none = summarise([4.0, None]), summarise([None])
    assert (one.mean, one.low, one.count) == (4.0, None, 1)
    assert (none.mean, none.high, none.count) == (None, None, 0)


def observed(environment, seats=None):
    """Return what every agent sees, by letting a program keep its observation in a class that we hold."""
    setting = environment.setting
    kept = []
    source = "def act(observation, memory):\n    keep(observation)\n    return 7\n"
    namespace = {"__name__": "spy", "__builtins__": {}, "keep": kept.append}
    exec(source, namespace)
    arguments = session_arguments(setting, source, [0])
    session = InlineSession(namespace, **arguments)
    send_map(session, setting)
    session.inputs["state"][:] = environment.state
    session.call(0, 1, expect=("actions",))
    return kept[0]


def settled(setting, seed, steps=40):
    environment = make(setting)
    environment.reset(np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    for _ in range(steps):
        environment.step(rng.choice([0, 1, 2, 3, 4, 5, environment.actions[-1]], size=environment.agents))
    return environment


@pytest.mark.parametrize("preset", ["default", "gallego2026"])
@pytest.mark.parametrize("seed", range(12))
def test_helpers_foretell_what_the_environment_does(seed, preset):
    environment = settled(f"cleanup(map=cleanup_small,agents=4,preset={preset})", seed)
    # Near the river, so that there is something to clean.
    environment.table[kernels.CELL, 0] = environment.grid.river[seed % 20] + 1
    seen = observed(environment)
    for facing in range(4):
        twin = environment.copy()
        twin.table[kernels.FACING, 0] = facing
        foretold = interface.dirty_ahead(seen, facing)
        before = twin.tally[kernels.CLEANED, 0]
        twin.step([CLEAN, STAND, STAND, STAND])
        assert twin.tally[kernels.CLEANED, 0] - before == foretold
        twin = environment.copy()
        twin.table[kernels.FACING, 0] = facing
        hits = twin.tally[kernels.HITS_MADE, 0]
        twin.step([BEAM, STAND, STAND, STAND])
        assert twin.tally[kernels.HITS_MADE, 0] - hits == len(interface.targets_ahead(seen, facing))
    best, count = interface.dirtiest_facing(seen)
    assert count == max(interface.dirty_ahead(seen, facing) for facing in range(4))
    assert interface.dirty_ahead(seen, best) == count


@pytest.mark.parametrize("seed", range(6))
def test_cleaning_spots_are_found_as_by_trying_them_all(seed):
    environment = settled("cleanup(map=cleanup_small,agents=4)", seed)
    seen = observed(environment)
    world = seen.world
    for delay in (0.5, 3.0):
        cell, facing, count = interface.cleaning_spot(seen, delay)
        values = {}
        for place in np.flatnonzero(~world.walls).tolist():
            for f in range(4):
                dirty = sum(bool(seen.dirty[c]) for c in world.beam[place, f] if c >= 0)
                turns = min((f - seen.facing) % 4, (seen.facing - f) % 4)
                values[place, f] = (dirty / (world.distance[seen.cell, place] + turns + delay), dirty)
        assert values[cell, facing][0] == pytest.approx(max(value for value, _ in values.values()))
        assert values[cell, facing][1] == count


def test_steps_lead_to_the_goal_on_a_shortest_path():
    environment = settled("gathering", 1)
    for goal in environment.grid.apples[::17].tolist():
        twin = environment.copy()
        seen = observed(twin)
        away = int(interface.distances(seen, [goal])[0])
        for _ in range(away):
            twin.step([interface.step_toward(observed(twin), goal)] + [STAND] * 9)
        assert twin.table[kernels.CELL, 0] == goal
        assert interface.step_toward(observed(twin), goal) == STAND


def test_nearest_soonest_and_unclaimed():
    environment = settled("gathering(map=gathering_small,agents=4)", 2, steps=60)
    seen = observed(environment)
    distance = environment.paths.distance
    cell = environment.table[kernels.CELL].tolist()
    ripe = environment.grid.apples[environment.apples == 0].tolist()
    assert sorted(seen.apples.tolist()) == sorted(ripe)
    assert distance[cell[0], interface.nearest(seen, seen.apples)] == min(distance[cell[0], a] for a in ripe)
    grown = zip(environment.grid.apples.tolist(), environment.apples.tolist())
    arrival = {a: max(int(distance[cell[0], a]), wait) for a, wait in grown}
    assert arrival[interface.soonest(seen)] == min(arrival.values())
    own = interface.unclaimed(seen, seen.apples).tolist()
    assert own == [
        a for a in seen.apples.tolist() if min(range(4), key=lambda i: (distance[cell[i], a], i)) == 0
    ]
    assert interface.nearest(seen, seen.apples[:0]) is None
    assert interface.soonest(seen, np.array([], dtype=int)) is None
    assert interface.step_toward(seen, None) == STAND


@given(parts=st.integers(1, 12), bands=st.integers(1, 6))
def test_territories_part_the_apples_in_equal_shares(parts, bands):
    environment = make("gathering")
    environment.reset(np.random.default_rng(0))
    world = observed(environment).world
    shares = [interface.territory(world, part, parts, bands) for part in range(parts)]
    assert sorted(np.concatenate(shares).tolist()) == list(range(155))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_turns_are_the_shorter_way():
    environment = settled("gathering", 3)
    seen = observed(environment)
    for direction in range(4):
        twin = environment.copy()
        turns = 0
        while twin.table[kernels.FACING, 0] != direction:
            twin.step([interface.turn_toward(observed(twin), direction)] + [STAND] * 9)
            turns += 1
        difference = (direction - seen.facing) % 4
        assert turns == min(difference, 4 - difference)


def test_the_same_seed_gives_the_same_episode():
    setting = parse_setting("cleanup(map=cleanup_small,agents=5,horizon=200)")
    source = (
        "from nashforge.solvers.policies.interface import *\ndef act(o, m):\n    return int(o.chance * 9)\n"
    )

    def once(seed):
        namespace = {"__name__": "p", "__builtins__": __builtins__}
        exec(compile(source, "p", "exec"), namespace)
        session = InlineSession(namespace, **session_arguments(setting, source, range(5)))
        send_map(session, setting)
        return play(make(setting), seed, [Team(session, tuple(range(5)))]).returns.tolist()

    assert once(4) == once(4) != once(5)
