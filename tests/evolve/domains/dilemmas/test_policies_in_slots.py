"""Policies taken apart and put together again; the offline proposer; suites; feedback."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest

from nashforge.evolve.domains.dilemmas.suites import DILEMMA_SUITES, DilemmaSuite, load_dilemma_suite
from nashforge.evolve.proposers.base import Individual, ProposalError, Request
from nashforge.evolve.proposers.fragments.genome import (
    FOR_FLUID_GROUPS,
    SLOTS,
    NotTakenApart,
    library,
    take_apart,
)
from nashforge.evolve.proposers.fragments.proposer import PolicyProposer
from nashforge.evolve.synthesis.feedback import entry, events
from nashforge.games.dilemmas import Setting, SettingError, kernels
from nashforge.games.errors import SuiteError
from nashforge.solvers.policies import policy_source, self_play

IN_SLOTS = ("nearest_apple", "cooperative_partition", "exploiter", "threshold_cleaner", "duty_rotation")
SMALL = {
    "gathering": Setting("gathering", map="gathering_small", agents=4, horizon=80),
    "cleanup": Setting("cleanup", map="cleanup_small", agents=4, horizon=80),
}


def individual(source, index=0):
    return Individual(index, index + 1, f"hash{index}", f"program{index}", source, 0.0)


def played(game, source):
    [episode] = self_play(SMALL[game], source, [1])
    assert (episode.invalid, episode.raised) == (0, 0)
    return episode.returns.tolist(), episode.tally.tolist()


@pytest.mark.parametrize("name", IN_SLOTS)
def test_the_library_comes_out_of_slots_as_it_went_in(name):
    source = policy_source(name)
    again = take_apart(source).source()
    assert played("cleanup", again) == played("cleanup", source)
    assert take_apart(again).source() == again


@pytest.mark.parametrize("fragment", [f for slot in SLOTS for f in library()[slot]], ids=lambda f: f.name)
def test_every_fragment_works_in_both_games(fragment):
    for game in SMALL:
        played(game, take_apart(policy_source("duty_rotation")).put(fragment).source())
    assert all(c.low is not None and c.low <= c.value <= c.high for c in fragment.constants.values())


@pytest.mark.parametrize("operator", ["mutate", "rewrite", "simplify", "crossover"])
@pytest.mark.parametrize("game", SMALL)
def test_proposals_are_new_programs_that_run_and_say_what_changed(game, operator):
    proposer = PolicyProposer(game)
    parent = individual(policy_source("duty_rotation" if game == "cleanup" else "cooperative_partition"))
    partner = individual(policy_source("exploiter"), 1) if operator == "crossover" else None
    texts = set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        request = Request(seed, operator, parent, rng, partner=partner)
        proposal = proposer.propose(request)
        again = proposer.propose(
            Request(seed, operator, parent, np.random.default_rng(seed), partner=partner)
        )
        assert again.source == proposal.source
        assert proposal.description
        assert ast.get_docstring(ast.parse(proposal.source))
        assert len(proposal.parents) == (2 if partner else 1)
        if game == "gathering":
            assert "clean" not in take_apart(proposal.source).fragments
        played(game, proposal.source)
        texts.add(proposal.source)
    if operator in ("mutate", "rewrite"):
        assert len(texts) > 2


FLUID = Setting("gathering", map="gathering_small", agents=2, horizon=80, offspring=3, spawn_cost=5)


@pytest.mark.parametrize("operator", ["mutate", "rewrite", "crossover"])
def test_where_agents_spawn_proposals_come_and_go(operator):
    scores = {f"{FLUID} seed=1000": 1.0}
    parent = replace(individual(policy_source("nearest_apple")), scores=scores)
    entering = take_apart(policy_source("exploiter")).put(library()["entry"][0]).source()
    partner = replace(individual(entering, 1), scores=scores) if operator == "crossover" else None
    sources = [
        PolicyProposer("gathering")
        .propose(Request(seed, operator, parent, np.random.default_rng(seed), partner=partner))
        .source
        for seed in range(20)
    ]
    spawning = [source for source in sources if "entry" in take_apart(source).fragments]
    assert spawning
    spawned = [self_play(FLUID, source, [1])[0] for source in dict.fromkeys(spawning)]
    assert all((episode.invalid, episode.raised) == (0, 0) for episode in spawned)
    assert max(episode.metrics["spawned"] for episode in spawned) > 0


def test_where_nobody_spawns_no_proposal_tries_to():
    parent = replace(
        individual(policy_source("nearest_apple")), scores={"gathering(agents=4) seed=1000": 1.0}
    )
    for operator in ("mutate", "rewrite"):
        for seed in range(30):
            request = Request(seed, operator, parent, np.random.default_rng(seed))
            fragments = take_apart(PolicyProposer("gathering").propose(request).source).fragments
            assert "entry" not in fragments
            assert fragments["harvest"].name not in FOR_FLUID_GROUPS


def test_constants_stay_in_their_range_over_generations():
    proposer, rng = PolicyProposer("cleanup"), np.random.default_rng(0)
    source = policy_source("threshold_cleaner")
    for k in range(150):
        source = proposer.propose(Request(k, "mutate", individual(source), rng)).source
        for constant in take_apart(source).constants.values():
            assert constant.low is not None
            assert constant.low <= constant.value <= constant.high


@pytest.mark.parametrize(
    "source",
    [
        "class Policy: pass\n",
        "def act(observation, memory):\n    return 7\n",
        "X = [1]\ndef harvest(o, m):\n    return 7\n",
        "X = 1 + a\ndef harvest(o, m):\n    return 7\n",
        "def clean(o, m):\n    return 7\ndef harvest(o, m):\n    return 7\n",
        "def harvest(:\n",
    ],
)
def test_what_is_not_in_slots_is_said_to_be_so(source):
    with pytest.raises(NotTakenApart):
        take_apart(source)
    with pytest.raises(ProposalError, match="cannot be taken apart"):
        PolicyProposer("cleanup").propose(Request(0, "mutate", individual(source), np.random.default_rng(0)))


def test_suites_of_the_package_have_disjoint_seeds():
    assert {"gathering", "cleanup"} <= set(DILEMMA_SUITES.names())
    for name in DILEMMA_SUITES.names():
        suite = load_dilemma_suite(name)
        seeds = [*suite.train, *suite.validation, *suite.test]
        assert len(set(seeds)) == len(seeds)
        assert suite.name == name
        assert suite.parsed().game == name.split("-")[0]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"validation": [1]}, "seed 1 is in train and in validation"),
        ({"train": [1, 1]}, "names a seed twice"),
        ({"setting": "poker"}, "no dilemma"),
        ({"setting": "cleanup(agents=99)"}, "room for"),
        ({"test": []}, "at least 1 item"),
        ({"colour": 1}, "colour is not a field"),
    ],
)
def test_suites_that_cannot_be_played(changes, wrong, tmp_path):
    values = {"name": "x", "purpose": "y", "setting": "cleanup", "train": [1], "validation": [2], "test": [3]}
    assert DilemmaSuite.model_validate(values).seeds("smoke") == (3,)
    path = tmp_path / "suite.toml"
    path.write_text("\n".join(f"{name} = {value!r}" for name, value in (values | changes).items()))
    with pytest.raises((SuiteError, SettingError), match=wrong):
        load_dilemma_suite(str(path))


def test_suites_that_are_not_there(tmp_path):
    with pytest.raises(SuiteError, match="choose one of cleanup"):
        load_dilemma_suite("nowhere")
    with pytest.raises(SuiteError, match="does not exist"):
        load_dilemma_suite(str(tmp_path / "nowhere.toml"))


def test_levels_of_feedback_tell_as_much_as_they_say():
    episodes = self_play(SMALL["cleanup"], policy_source("duty_rotation"), [1, 2])
    sparse, dense, rich = (entry(3, episodes, level) for level in ("sparse", "dense", "rich"))
    assert sparse.reward == dense.reward == np.mean([e.returns for e in episodes])
    assert (sparse.metrics, sparse.events, dense.events) == (None, (), ())
    assert list(dense.metrics) == ["efficiency", "equality", "sustainability", "peace"]
    assert rich.metrics == dense.metrics
    told = " ".join(rich.events)
    assert "cleanings by agent" in told
    eaten = np.mean([e.tally[kernels.APPLES] for e in episodes], axis=0)
    assert "apples eaten by agent: " + " ".join(f"{n:.0f}" for n in eaten) in told
    assert "cleanings" not in " ".join(events(self_play(SMALL["gathering"], policy_source("exploiter"), [1])))
