"""The compiled steps against a slow, independent reading of the rules, and the rules one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.games.dilemmas import kernels, make
from nashforge.games.dilemmas.actions import BEAM, CLEAN, FORWARD, ROTATE_RIGHT, STAND, STEP_LEFT, STEP_RIGHT
from nashforge.games.dilemmas.maps import load_map, parse_map

DOWN, RIGHT = (-1, 0, 1, 0), (0, 1, 0, -1)  # north, east, south, west


class Oracle:
    """The rules of the reference in plain Python, with (row, column) pairs, sets and dictionaries."""

    def __init__(self, environment):
        self.game = environment.setting.game
        self.fair = environment.rules.random_priority
        self.stops = environment.rules.beams_stop_at_walls
        self.rows = load_map(environment.setting.map).text.splitlines()
        width = len(self.rows[0])
        table = environment.table.tolist()
        self.at = [divmod(cell, width) for cell in table[0]]
        self.facing, self.timeout, self.hits = table[1], [0] * len(table[0]), [0] * len(table[0])
        self.orchard = self.find("A")
        self.apples = set(self.orchard)
        self.eaten_at = {}
        self.river = self.find("~%")
        self.dirty = set(self.find("%"))
        self.step_number = 0

    def find(self, signs):
        return [(r, c) for r, row in enumerate(self.rows) for c, sign in enumerate(row) if sign in signs]

    def wall(self, place):
        return self.rows[place[0]][place[1]] == "#"

    def area(self, i, length, half):
        (r, c), f = self.at[i], self.facing[i]
        side = (f + 1) % 4
        cells = set()
        for lane in range(-half, half + 1):
            for ahead in range(1, length + 1):
                place = (
                    r + ahead * DOWN[f] + lane * DOWN[side],
                    c + ahead * RIGHT[f] + lane * RIGHT[side],
                )
                if not (0 <= place[0] < len(self.rows) and 0 <= place[1] < len(self.rows[0])):
                    break
                if self.wall(place) and self.stops:
                    break
                cells.add(place)
        return cells

    def step(self, actions, uniforms):
        n = len(self.at)
        reward = [0] * n
        order = sorted(range(n), key=lambda i: uniforms[i]) if self.fair else list(range(n))
        self.timeout = [max(0, t - 1) for t in self.timeout]
        for i in order:
            if not self.timeout[i]:
                self.act(i, actions[i], reward)
        luck = uniforms[n:]
        if self.game == "gathering":
            self.apples |= {place for place, when in self.eaten_at.items() if self.step_number - when == 25}
        else:
            self.grow(luck)
        for i in order:
            if not self.timeout[i] and self.at[i] in self.apples:
                self.apples.remove(self.at[i])
                self.eaten_at[self.at[i]] = self.step_number
                reward[i] += 1
        self.step_number += 1
        return reward

    def act(self, i, action, reward):
        if action < 4:
            f = (self.facing[i] + (0, 2, 3, 1)[action]) % 4
            place = (self.at[i][0] + DOWN[f], self.at[i][1] + RIGHT[f])
            if not self.wall(place):
                self.at[i] = place
        elif action in (4, 5):
            self.facing[i] = (self.facing[i] + (-1 if action == 4 else 1)) % 4
        elif action == 6:
            cleanup = self.game == "cleanup"
            area = self.area(i, 5, 1) if cleanup else self.area(i, 20, 0)
            reward[i] -= 1 if cleanup else 0
            for j in range(len(self.at)):
                if j != i and not self.timeout[j] and self.at[j] in area:
                    reward[j] -= 50 if cleanup else 0
                    self.hits[j] += 1
                    if self.hits[j] == (1 if cleanup else 2):
                        self.hits[j], self.timeout[j] = 0, 25
        elif action == 8:
            reward[i] -= 1
            self.dirty -= self.area(i, 5, 1)

    def grow(self, luck):
        if len(self.dirty) / len(self.river) < 0.4 and luck[0] < 0.5:
            clean = [place for place in self.river if place not in self.dirty and place not in self.at]
            if clean:
                self.dirty.add(clean[int(luck[1] * len(clean))])
        density = len(self.dirty) / len(self.river)
        if density < 0.4:
            for k, place in enumerate(self.orchard):
                if (
                    place not in self.apples
                    and place not in self.at
                    and luck[2 + k] < 0.05 * (1 - density / 0.4)
                ):
                    self.apples.add(place)


SETTINGS = [
    "gathering(agents=6,map=gathering_small)",
    "gathering(agents=10,preset=gallego2026)",
    "cleanup(agents=5,map=cleanup_small)",
    "cleanup(agents=5,map=cleanup_small,preset=gallego2026)",
    "cleanup(agents=10)",
]


@pytest.mark.parametrize("setting", SETTINGS)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), aggressive=st.booleans())
def test_steps_are_as_the_rules_say(setting, seed, aggressive):
    environment = make(setting)
    environment.reset(np.random.default_rng(seed))
    oracle = Oracle(environment)
    width = environment.grid.width
    rng = np.random.default_rng(seed + 1)
    weights = np.ones(len(environment.actions))
    weights[BEAM] = 4 if aggressive else 0.2
    weights[CLEAN:] = 5
    for _ in range(120):
        actions = rng.choice(environment.actions, size=environment.agents, p=weights / weights.sum())
        rewards = environment.step(actions)
        expected = oracle.step(
            actions.tolist(), environment._luck[(environment.step_number - 1) % 64].tolist()
        )
        assert rewards.tolist() == expected
        assert [divmod(cell, width) for cell in environment.table[kernels.CELL].tolist()] == oracle.at
        assert environment.table[kernels.FACING].tolist() == oracle.facing
        assert environment.table[kernels.TIMEOUT].tolist() == oracle.timeout
        assert environment.table[kernels.HITS].tolist() == oracle.hits
        ripe = environment.grid.apples[environment.apples == 0]
        assert {divmod(int(cell), width) for cell in ripe} == oracle.apples
        dirty = environment.grid.river[: len(environment.waste)][environment.waste == 1]
        assert {divmod(int(cell), width) for cell in dirty} == oracle.dirty


def put(environment, *agents):
    """Put agents at (row, column, facing)."""
    for i, (row, column, facing) in enumerate(agents):
        environment.table[kernels.CELL, i] = row * environment.grid.width + column
        environment.table[kernels.FACING, i] = facing


def arena(tmp_path, rows, game, **options):
    """Return an environment on a map of its own, reset."""
    path = tmp_path / "arena.txt"
    path.write_text("\n".join(rows))
    given = "".join(f",{name}={value}" for name, value in options.items())
    environment = make(f"{game}(map={path}{given})")
    environment.reset(np.random.default_rng(0))
    return environment


CORRIDOR = ["#########", "#P.....A#", "#P......#", "#########"]


def test_two_hits_tag_for_25_steps_and_the_tagged_neither_act_nor_eat(tmp_path):
    environment = arena(tmp_path, CORRIDOR, "gathering", agents=2, preset="gallego2026")
    put(environment, (1, 1, 1), (1, 7, 3))
    environment.step([BEAM, STAND])
    assert environment.table[kernels.TIMEOUT].tolist() == [0, 0]
    assert environment.returns.tolist() == [0, 1]  # the apple under the second
    environment.step([BEAM, FORWARD])
    assert environment.table[kernels.TIMEOUT].tolist() == [0, 25]
    for _ in range(24):
        environment.step([BEAM, FORWARD])
        assert environment.table[kernels.CELL, 1] == 1 * 9 + 7
    # Free again, and not hit by the beams meanwhile; the first now looks away.
    assert environment.table[kernels.TIMEOUT, 1] == 1
    environment.step([ROTATE_RIGHT, FORWARD])
    assert environment.table[kernels.CELL, 1] == 1 * 9 + 6
    assert environment.tally[kernels.FROZEN].tolist() == [0, 25]


def test_in_mutual_fire_the_lower_index_wins_in_the_original_and_chance_by_default(tmp_path):
    def losers(preset):
        found = set()
        for seed in range(20):
            path = tmp_path / "two.txt"
            path.write_text("########\n#PP~%.A#\n########\n")
            environment = make(f"cleanup(map={path},agents=2,preset={preset})")
            environment.reset(np.random.default_rng(seed))
            put(environment, (1, 1, 1), (1, 3, 3))
            rewards = environment.step([BEAM, BEAM]).tolist()
            assert sorted(rewards) == [-50, -1]
            found.add(rewards.index(-50))
        return found

    assert losers("gallego2026") == {1}
    assert losers("default") == {0, 1}


@pytest.mark.parametrize(("preset", "passes"), [("gallego2026", True), ("default", False)])
def test_beams_and_cleaning_pass_walls_only_in_the_original(tmp_path, preset, passes):
    rows = ["#########", "#PP#%%~A#", "#...%%~.#", "#########"]
    environment = arena(tmp_path, rows, "cleanup", agents=2, preset=preset)
    put(environment, (1, 2, 1), (1, 5, 0))
    before = environment.waste.sum()
    environment.step([CLEAN, STAND])
    # The lane of row 1 ends at the wall by default; that of row 2 has no wall.
    assert before - environment.waste.sum() == (4 if passes else 2)
    rewards = environment.step([BEAM, STAND])
    assert rewards.tolist() == ([-1, -50] if passes else [-1, 0])


def test_an_apple_of_gathering_is_back_after_25_steps(tmp_path):
    environment = arena(tmp_path, CORRIDOR, "gathering", agents=1)
    put(environment, (1, 7, 3))
    rewards = [environment.step([STAND])[0] for _ in range(101)]
    assert np.flatnonzero(rewards).tolist() == [0, 25, 50, 75, 100]


def test_who_shares_a_cell_with_an_apple_eats_by_priority(tmp_path):
    for preset, expected in (("gallego2026", {0}), ("default", {0, 1})):
        winners = set()
        for seed in range(20):
            environment = arena(tmp_path, CORRIDOR, "gathering", agents=2, preset=preset)
            environment.reset(np.random.default_rng(seed))
            put(environment, (1, 7, 3), (1, 7, 3))
            winners.add(int(environment.step([STAND, STAND]).argmax()))
        assert winners == expected


def test_moves_are_relative_to_the_facing(tmp_path):
    environment = arena(tmp_path, CORRIDOR, "gathering", agents=1)
    put(environment, (1, 3, 2))
    environment.step([STEP_LEFT])  # facing south, left is east
    assert environment.table[kernels.CELL, 0] == 1 * 9 + 4
    environment.step([STEP_RIGHT])
    environment.step([FORWARD])
    assert environment.table[kernels.CELL, 0] == 2 * 9 + 3
    environment.step([FORWARD])  # a wall
    assert environment.table[kernels.CELL, 0] == 2 * 9 + 3
    assert environment.tally[kernels.IDLE, 0] == 1


def test_nothing_grows_or_spreads_before_nine_cells_are_cleaned():
    def after(cleaned):
        environment = make("cleanup(agents=1)")
        environment.reset(np.random.default_rng(3))
        environment.apples[:] = 99
        environment.waste[np.flatnonzero(environment.waste)[:cleaned]] = 0
        for _ in range(400):
            environment.step([STAND])
        return int(environment.waste.sum()), int((environment.apples == 0).sum())

    assert after(0) == (56, 0)
    assert after(8) == (48, 0)
    waste, apples = after(9)
    assert waste == 48  # back to the threshold
    assert after(40)[1] > 20 > apples


def test_growth_and_waste_have_the_stated_probabilities():
    environment = make("cleanup(agents=1)")
    environment.reset(np.random.default_rng(5))
    put(environment, (1, 8, 0))
    grown = spread = 0
    rounds = 400
    for _ in range(rounds):
        environment.step_number = 0 if environment.step_number == 64 else environment.step_number
        environment.waste[:] = 0
        environment.apples[:] = 99
        environment.step([STAND])
        grown += int((environment.apples == 0).sum())
        spread += int(environment.waste.sum())
    assert abs(spread / rounds - 0.5) < 4 * 0.5 / rounds**0.5
    # Half the time one of 119 cells has just turned dirty.
    p = 0.05 * (1 - 0.5 / 119 / 0.4)
    trials = rounds * 103
    assert abs(grown / trials - p) < 4 * (p * (1 - p) / trials) ** 0.5


def test_paper_maps_have_the_stated_counts():
    gathering, cleanup = load_map("gathering"), load_map("cleanup")
    assert (gathering.height, gathering.width) == (16, 38)
    assert (len(gathering.apples), len(gathering.starts)) == (155, 20)
    rows = gathering.apples // 38
    assert (rows.min(), rows.max()) == (1, 14)
    assert (cleanup.height, cleanup.width, len(cleanup.apples), len(cleanup.starts)) == (25, 18, 103, 10)
    assert (len(cleanup.river), int(cleanup.dirty.sum()), len(cleanup.stream)) == (119, 56, 12)
    for cells, columns in ((cleanup.apples, range(12, 17)), (cleanup.river, range(1, 7))):
        assert {int(cell) % 18 for cell in cells} <= set(columns)
        assert {int(cell) // 18 for cell in cells} == set(range(1, 24))
    assert {int(cell) % 18 for cell in cleanup.starts} <= set(range(8, 12))


def test_apples_of_gathering_lie_in_31_plus_shaped_patches():
    grid = load_map("gathering")
    apples = set(grid.apples.tolist())
    centres = [cell for cell in apples if {cell - 1, cell + 1, cell - 38, cell + 38} <= apples]
    assert len(centres) == 31
    assert {cell + d for cell in centres for d in (0, 1, -1, 38, -38)} == apples


def test_an_episode_begins_anywhere_and_repeats_by_its_seed():
    starts = set()
    for seed in range(30):
        environment = make("gathering(agents=2)")
        environment.reset(np.random.default_rng(seed))
        assert set(environment.table[kernels.CELL].tolist()) <= set(environment.grid.starts.tolist())
        assert len(set(environment.table[kernels.CELL].tolist())) == 2
        starts.add(tuple(environment.table[:2].ravel().tolist()))
        again = make("gathering(agents=2)")
        again.reset(np.random.default_rng(seed))
        assert (again.state == environment.state).all()
    assert len(starts) > 25


def test_a_copy_goes_its_own_way_with_the_same_luck():
    environment = make("cleanup(agents=5,map=cleanup_small)")
    environment.reset(np.random.default_rng(1))
    rng = np.random.default_rng(2)
    for _ in range(30):
        environment.step(rng.integers(0, 9, size=5))
    twin = environment.copy()
    actions = rng.integers(0, 9, size=(100, 5))
    for chosen in actions:
        environment.step(chosen)
    assert twin.step_number == 30
    for chosen in actions:
        twin.step(chosen)
    assert (twin.state == environment.state).all()
    assert (twin.returns == environment.returns).all()


@pytest.mark.parametrize("actions", [[0] * 9, [0] * 9 + [8], [0] * 9 + [-1], [0.5, 99] * 5])
def test_illegal_actions_are_refused(actions):
    environment = make("gathering")
    environment.reset(np.random.default_rng(0))
    with pytest.raises(ValueError, match="actions"):
        environment.step(actions)


def test_an_episode_ends():
    environment = make("gathering(agents=1,horizon=3)")
    with pytest.raises(RuntimeError, match="reset"):
        environment.step([STAND])
    environment.reset(np.random.default_rng(0))
    for _ in range(3):
        environment.step([STAND])
    assert environment.done
    with pytest.raises(RuntimeError, match="reset"):
        environment.step([STAND])


def test_a_map_survives_being_written_down():
    grid = load_map("cleanup")
    again = parse_map(grid.text)
    assert again.text == grid.text
    assert (again.dirty == grid.dirty).all()
