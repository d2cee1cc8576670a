"""Interventions on policies whose needs are known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nashforge.evolve.diagnosis.probe.probing import probe
from nashforge.evolve.domains.dilemmas.arena import HOSTS
from nashforge.evolve.sandbox import CandidateFailure, Sandbox
from nashforge.games.dilemmas import Setting
from nashforge.solvers.policies import policy_source
from nashforge.solvers.policies.information import NAMES
from nashforge.solvers.policies.interventions import interventions

SETTING = Setting("gathering", map="gathering_small", agents=3, horizon=80)
SEEDS = (0, 1, 2)

REMEMBERS = """
from nashforge.solvers.policies.interface import STAND, nearest, step_toward

def act(observation, memory):
    memory["steps"] = memory.get("steps", 0) + 1
    if observation.step + 1 != memory["steps"]:
        return STAND
    return step_toward(observation, nearest(observation, observation.apples))
"""
CHOSEN = REMEMBERS.replace("observation.step + 1 != memory['steps']", "").replace(
    'if observation.step + 1 != memory["steps"]:', "if observation.agent == 0:"
)
LUCKY = CHOSEN.replace("observation.agent == 0", "observation.chance < 0.4")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(HOSTS) as made:
        yield made


def lost(sandbox: Sandbox, source: str) -> dict[str, float | None]:
    """Return what each intervention costs that makes a difference."""
    found = probe(sandbox, SETTING, source, SEEDS)
    return {one.intervention.name: one.lost for one in found.effects[1:] if one.matters}


def test_who_needs_memory_loses_by_forgetting(sandbox: Sandbox) -> None:
    found = lost(sandbox, REMEMBERS)
    assert (found["memory wiped"] or 0) > 0
    assert "chance fixed" not in found


def test_a_reactive_policy_needs_neither_memory_nor_chance(sandbox: Sandbox) -> None:
    found = probe(sandbox, SETTING, policy_source("nearest_apple"), SEEDS)
    by_name = {one.intervention.name: one for one in found.effects}
    assert by_name["as it is"].lost == 0.0
    # To the last bit: the seeds are paired, and it looks at none of these.
    for name in ("memory wiped", "chance fixed", "renumbered"):
        assert by_name[name].returns == by_name["as it is"].returns
        assert not by_name[name].matters
    assert (by_name["view of 3"].lost or 0) > 0
    assert set(found.information) == set(NAMES)
    assert found.information["OAR"].excess > 0.5
    assert found.information["OAR"].samples > 0


def test_who_needs_chance_and_numbers_is_found_out(sandbox: Sandbox) -> None:
    assert (lost(sandbox, LUCKY)["chance fixed"] or 0) < 0  # it stood still for nothing
    numbered = probe(sandbox, SETTING, CHOSEN, SEEDS)
    plain, *_ = numbered.effects
    renumbered = next(one for one in numbered.effects if one.intervention.name == "renumbered")
    assert renumbered.returns != plain.returns


def test_what_fails_only_under_an_intervention_is_told(sandbox: Sandbox) -> None:
    needs = REMEMBERS.replace('memory.get("steps", 0)', 'memory["steps"] if observation.step else 0')
    found = probe(sandbox, SETTING, needs, SEEDS[:1], views=())
    wiped = next(one for one in found.effects if one.intervention.name == "memory wiped")
    assert wiped.lost is None
    assert "KeyError" in (wiped.reason or "")
    assert wiped.matters
    with pytest.raises(CandidateFailure):
        probe(sandbox, SETTING, "def act(observation, memory):\n    return 1 / 0\n", SEEDS[:1])


def test_views_that_are_no_narrower_are_left_out() -> None:
    names = [one.name for one in interventions(Setting("gathering", view=4), views=(3, 4, 9))]
    assert "view of 3" in names
    assert not {"view of 4", "view of 9"} & set(names)
    assert "one agent late" not in [one.name for one in interventions(Setting("gathering", agents=1))]


def test_losses_are_metrics_that_are_measured_on_request(sandbox: Sandbox) -> None:
    from nashforge.solvers.metrics.registry import EPISODES, Parameters, measures
    from nashforge.solvers.policies.strategic import Encounters, episodes

    known = measures(EPISODES)
    play = Encounters(SETTING, REMEMBERS, SEEDS[0])
    found = probe(sandbox, SETTING, REMEMBERS, SEEDS[:1], views=())
    losses = {one.intervention.name: one.lost for one in found.effects}
    names = {
        "forgetting_loss": "memory wiped",
        "chance_loss": "chance fixed",
        "renumbering_loss": "renumbered",
        "lateness_loss": "one agent late",
    }
    assert {name: known[name].value(play, Parameters()) for name in names} == {
        name: losses[intervention] for name, intervention in names.items()
    }
    assert episodes(["forgetting_loss", "lateness_loss"]) == 3
    assert losses["memory wiped"] > 0
