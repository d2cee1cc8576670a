"""Episodes of the library's policies: known numbers, isolation of agents, what faults do."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.dilemmas import Setting, kernels, make
from nashforge.games.dilemmas.actions import BEAM, CLEAN, STAND
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers.policies import policy_names, policy_source, self_play
from nashforge.solvers.policies.episode import SlowPolicy, in_process
from nashforge.solvers.policies.metrics import summaries
from nashforge.solvers.programs.library import NotInLibraryError

SMALL = Setting("cleanup", map="cleanup_small", agents=3, horizon=60)
HEAD = "from nashforge.solvers.policies.interface import *\nimport numpy as np\n"


def means(setting, name, seeds=range(5)):
    episodes = self_play(parse_setting(setting), policy_source(name), seeds)
    return {metric: summary.mean for metric, summary in summaries([e.metrics for e in episodes]).items()}


def test_collectors_starve_in_cleanup_exactly_as_published():
    setting = parse_setting("cleanup(preset=gallego2026)")
    episodes = self_play(setting, policy_source("nearest_apple"), range(5))
    assert [episode.metrics["efficiency"] for episode in episodes] == [0.103] * 5


def test_nearest_apple_does_in_gathering_what_it_does_on_the_original_map():
    # Gallego's map, measured: efficiency 1.902 (sd 0.276), equality 0.346. Ours has the same counts.
    found = means("gathering(preset=gallego2026)", "nearest_apple")
    assert found["efficiency"] == pytest.approx(1.902, abs=0.276)
    assert found["equality"] == pytest.approx(0.346, abs=0.15)
    # Random priority shares what clumps of agents eat.
    assert means("gathering", "nearest_apple")["equality"] > found["equality"] + 0.2


def test_random_agents_do_what_they_do_in_the_original():
    # Measured on the original maps: 0.724 and -7.1.
    assert means("gathering(preset=gallego2026)", "random")["efficiency"] == pytest.approx(0.724, abs=0.1)
    assert means("cleanup(preset=gallego2026)", "random")["efficiency"] == pytest.approx(-7.1, abs=0.5)


@pytest.mark.slow
def test_cooperation_pays_for_the_group():
    assert means("gathering", "cooperative_partition", range(2))["efficiency"] > 4
    rotation = means("cleanup", "duty_rotation", range(2))
    assert rotation["efficiency"] > 2
    assert rotation["equality"] > 0.7
    assert means("cleanup", "threshold_cleaner", range(2))["min_reward"] < 0 < rotation["min_reward"]


@pytest.mark.parametrize("name", policy_names())
@pytest.mark.parametrize("game", ["gathering", "cleanup"])
def test_every_policy_of_the_library_plays_every_game_without_faults(game, name):
    [episode] = self_play(
        parse_setting(f"{game}(map={game}_small,agents=4,horizon=150)"), policy_source(name), [3]
    )
    assert (episode.invalid, episode.raised, episode.slow) == (0, 0, 0)
    assert policy_source(name).count("def act(observation: Observation, memory: Memory) -> int:") == 1


def test_unknown_policies_are_told_with_what_is_near():
    with pytest.raises(NotInLibraryError, match="did you mean cleaner"):
        policy_source("cleanr")


def test_agents_share_neither_module_nor_memory():
    source = (
        HEAD
        + """
SEEN = []
def act(observation, memory):
    SEEN.append(observation.agent)
    act.calls = getattr(act, "calls", 0) + 1
    memory[observation.agent] = True
    assert set(SEEN) == {observation.agent} == set(memory)
    assert act.calls == len(SEEN) == observation.step + 1
    return STAND
"""
    )
    for _ in range(2):  # nothing survives an episode either
        [episode] = self_play(SMALL, source, [0])
        assert episode.raised == 0


@pytest.mark.parametrize(
    "write",
    [
        "observation.cells[0] = 5",
        "observation.cells.setflags(write=True)",
        "observation.cells.base.setflags(write=True)",
        "observation.apples.flags.writeable = True",
        "observation.waste[0] = 0",
        "observation.dirty[:] = False",
        "observation.cell = 5",
        "observation.world.agents = 1",
        "observation.new = 1",
        "object.__setattr__(observation, 'cell', 5)",
        "np.copyto(observation.waits, 0)",
    ],
)
def test_observations_cannot_be_written_to(write):
    source = HEAD + f"def act(observation, memory):\n    {write}\n    return STAND\n"
    with pytest.raises((ValueError, AttributeError, TypeError)):
        self_play(SMALL, source, [0])


def test_a_few_faults_are_forgiven_and_many_are_not():
    source = HEAD + "def act(observation, memory):\n    return 17 if observation.step < {} else STAND\n"
    [episode] = self_play(SMALL, source.format(3), [0])
    assert (episode.invalid, episode.raised) == (9, 0)
    assert episode.tally[kernels.IDLE].tolist() == [60, 60, 60]
    with pytest.raises(ValueError, match=r"act\(\) returned 17, but the actions are 0 forward"):
        self_play(SMALL, source.format(4), [0])
    source = HEAD + "def act(observation, memory):\n    return [][0] if observation.step < {} else STAND\n"
    [episode] = self_play(SMALL, source.format(3), [0])
    assert (episode.invalid, episode.raised) == (0, 9)
    with pytest.raises(IndexError):
        self_play(SMALL, source.format(4), [0])


@pytest.mark.parametrize("answer", ["None", "1.5", "'forward'", "np.array([1, 2])"])
def test_what_is_no_whole_number_is_no_action(answer):
    source = HEAD + f"def act(observation, memory):\n    return {answer}\n"
    with pytest.raises(TypeError):
        self_play(SMALL, source, [0])


def test_gathering_has_no_cleaning():
    source = HEAD + "def act(observation, memory):\n    return CLEAN\n"
    with pytest.raises(ValueError, match=r"7 stand$"):
        self_play(Setting("gathering", map="gathering_small", agents=2, horizon=50), source, [0])


def test_slow_answers_are_counted_and_then_fail(monkeypatch):
    monkeypatch.setattr("nashforge.solvers.policies.episode.SLOW_SECONDS", 0.0)
    with pytest.raises(SlowPolicy, match="more than 10 answers"):
        self_play(SMALL, policy_source("cleaner"), [0])


def test_who_is_out_of_the_game_is_not_asked():
    source = HEAD + "def act(observation, memory):\n    assert observation.timeouts[observation.agent] <= 1\n"
    source += "    memory['n'] = memory.get('n', 0) + 1\n    return int(observation.chance * 8)\n"
    [episode] = self_play(Setting("gathering", map="gathering_small", agents=6, horizon=400), source, [0])
    assert episode.tally[kernels.FROZEN].sum() > 0
    assert episode.raised == 0


def test_a_restricted_view_hides_what_is_far():
    source = (
        HEAD
        + """
def near(observation, cells):
    rows, columns = np.divmod(np.asarray(cells), observation.world.width)
    row, column = divmod(observation.cell, observation.world.width)
    return np.maximum(abs(rows - row), abs(columns - column)) <= 2

def act(observation, memory):
    assert near(observation, observation.apples).all() and near(observation, observation.waste).all()
    seen = observation.cells >= 0
    assert seen[observation.agent] and near(observation, observation.cells[seen]).all()
    for column in (observation.facings, observation.timeouts, observation.last_actions):
        assert (column[~seen] == -1).all() and (column[seen] >= 0).all()
    hidden, waits = ~near(observation, observation.world.apple_cells), observation.waits
    assert hidden.any() and (waits[hidden] == -1).all() and (waits[~hidden] >= 0).all()
    return int(observation.chance * 6)
"""
    )
    [episode] = self_play(
        parse_setting("cleanup(map=cleanup_small,agents=3,horizon=100,view=2)"), source, [0]
    )
    assert episode.raised == 0


def test_a_team_of_several_may_not_share_a_restricted_view():
    setting = parse_setting("cleanup(map=cleanup_small,agents=3,view=2)")
    from nashforge.solvers.policies.episode import Team, play

    with pytest.raises(ValueError, match="session of its own"):
        play(make(setting), 0, [Team(None, (0, 1, 2))])
    with pytest.raises(ValueError, match="needs one"):
        play(make(setting), 0, [Team(None, (0, 1))])


def test_teams_of_different_programs_play_together():
    cleaner, collector = policy_source("cleaner"), policy_source("nearest_apple")
    setting = Setting("cleanup", map="cleanup_small", agents=4, horizon=300)
    episode = in_process(setting, [cleaner, collector, collector, cleaner], 0)
    cleanings, apples = episode.tally[kernels.CLEANINGS], episode.tally[kernels.APPLES]
    assert (cleanings[[0, 3]] > 0).all()
    assert (cleanings[[1, 2]] == 0).all()
    assert (apples[[1, 2]] > 0).all()
    assert (episode.returns == apples - cleanings).all()


def test_chance_is_uniform_and_differs_between_agents_and_seeds():
    drawn = []
    source = HEAD + "def act(observation, memory):\n    return int(observation.chance * 9)\n"
    for seed in range(3):
        seen = []
        [_] = self_play(
            Setting("cleanup", map="cleanup_small", agents=5, horizon=200),
            source.replace("* 9", "* 6"),
            [seed],
            on_step=lambda e, seen=seen: seen.append(e.table[kernels.LAST].tolist()),
        )
        drawn.append(np.array(seen[1:]))
    counts = np.bincount(np.concatenate(drawn).ravel(), minlength=6)
    assert abs(counts / counts.sum() - 1 / 6).max() < 0.03
    assert not (drawn[0] == drawn[1]).all()
    assert not (drawn[0][:, 0] == drawn[0][:, 1]).all()
    assert {BEAM, CLEAN, STAND}.isdisjoint(np.flatnonzero(counts))


def test_faults_count_for_the_program_that_makes_them():
    def clumsy(faults):
        return HEAD + f"def act(o, memory):\n    return 99 if o.step < {faults} else STAND\n# {faults}\n"

    setting = Setting("gathering", map="gathering_small", agents=4, horizon=30)
    # Fifteen in all, but no program has more than ten.
    episode = in_process(setting, [clumsy(7), clumsy(8), policy_source("random"), clumsy(0)], 0)
    assert episode.faults == {"invalid_actions": 15, "exceptions": 0, "slow_answers": 0}
    with pytest.raises(ValueError, match="act\\(\\) returned 99"):
        in_process(setting, [clumsy(7), clumsy(11), clumsy(7), clumsy(0)], 0)


def test_a_program_that_deceives_its_host_is_still_counted():
    class Deceived:
        """A session whose program keeps the host from counting: it reports exceptions for ever."""

        waited = 0.0

        def __init__(self, agents):
            state = make(SMALL).state
            self.inputs = {"state": np.zeros_like(state), "chance": np.zeros(agents)}
            self.outputs = {"actions": np.full(agents, RAISED)}

        def call(self, step, asked, expect):
            pass

    from nashforge.solvers.policies.episode import PolicyFailure, Team, play
    from nashforge.solvers.policies.host import RAISED

    seats = tuple(range(SMALL.agents))
    with pytest.raises(PolicyFailure, match="more than are forgiven"):
        play(make(SMALL), 0, [Team(Deceived(len(seats)), seats)])
