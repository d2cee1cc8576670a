"""Information measures on policies whose dependence is known."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.solvers.policies.information import (
    Played,
    conditional_information,
    entropy,
    measures,
)

STEPS, SYMBOLS = 4000, 4


def toy(kind: str, symbols: int = SYMBOLS) -> dict[str, float]:
    """Return the excess of every measure over its null for two agents that see independent symbols."""
    rng = np.random.default_rng(7)
    seen = rng.integers(0, symbols, size=(STEPS, 2))
    coin = rng.integers(0, symbols, size=STEPS)
    actions = {
        "reactive": seen,
        "previous": np.vstack([seen[:1], seen[:-1]]),
        "coin": np.stack([coin, coin], axis=1),
        "independent": rng.integers(0, symbols, size=(STEPS, 2)),
        "follower": np.stack([coin, np.append(coin[:1], coin[:-1])], axis=1),
        "told": np.stack([coin, seen[:, 0]], axis=1),
    }[kind]
    played = Played(seen, actions, np.ones_like(seen, dtype=bool))
    return {name: one.excess for name, one in measures([played], np.random.default_rng(0)).items()}


def test_a_reactive_policy_follows_its_observation_and_nothing_else() -> None:
    found = toy("reactive")
    assert found.pop("OAR") == pytest.approx(1.0, abs=0.005)
    assert max(found.values()) == 0.0


def test_a_policy_of_the_previous_observation_needs_memory() -> None:
    found = toy("previous")
    assert found["OAR"] < 0.01  # published: .004
    assert 0.9 < found["HAR"] <= 1.0  # published: .915
    assert max(found[name] for name in ("AA", "PIF")) < 0.05


def test_a_shared_coin_makes_actions_agree() -> None:
    found = toy("coin")
    assert found["AA"] > 0.9  # published: .91
    assert max(found[name] for name in ("OAR", "HAR", "DAI")) < 0.05


def test_independent_policies_have_nothing_in_common() -> None:
    assert max(toy("independent").values()) < 0.05


def test_who_follows_is_influenced_one_step_later() -> None:
    # Of the two ordered pairs one is of a leader and its follower: half of what could be explained.
    assert toy("follower")["DAI"] == pytest.approx(0.5, abs=0.1)
    assert toy("follower")["AA"] < 0.05


def test_what_one_agent_alone_sees_flows_to_another() -> None:
    # With symbols of which histories have few: else each is seen once, and explains all by chance.
    assert toy("told", 2)["PIF"] == pytest.approx(0.5, abs=0.1)
    assert toy("coin", 2)["PIF"] < 0.05


def test_entropies_are_those_of_the_counts() -> None:
    x = np.repeat([0, 1], 500)
    assert entropy(x) == pytest.approx(np.log(2) + 1 / 2000)
    assert conditional_information(x, x, np.zeros_like(x)) == pytest.approx(np.log(2), abs=1e-3)
    assert conditional_information(x, np.zeros_like(x), x) == 0.0


def test_agents_that_are_out_are_not_counted() -> None:
    rng = np.random.default_rng(1)
    seen = rng.integers(0, 3, size=(200, 2))
    present = np.zeros_like(seen, dtype=bool)
    nothing = measures([Played(seen, seen, present)], rng)
    assert {one.samples for one in nothing.values()} == {0}
    assert {one.excess for one in nothing.values()} == {0.0}


def test_a_history_is_the_same_in_episodes_that_show_more() -> None:
    rng = np.random.default_rng(3)

    def episode(symbols: int, last: int) -> Played:
        """Return an episode whose last step shows something, when nobody is asked."""
        seen = np.vstack([rng.integers(0, symbols, size=(300, 2)), [[last, last]]])
        acted = np.vstack([seen[:1], (seen[:-1] + seen[1:]) % 2])
        present = np.ones_like(seen, dtype=bool)
        present[-1] = False
        return Played(seen, acted, present)

    wide, narrow = episode(4, 0), episode(2, 0)
    wider = Played(np.where(narrow.present, narrow.observations, 3), narrow.actions, narrow.present)
    alone, beside = (measures([wide, one], np.random.default_rng(0)) for one in (narrow, wider))
    assert alone == beside
