"""Distributions, values and NashConv of mean-field games, against OpenSpiel's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.mfg.algorithms import best_response_value, policy_value
from open_spiel.python.mfg.algorithms import distribution as openspiel_distribution
from open_spiel.python.mfg.algorithms import nash_conv as openspiel_nash_conv

from nashforge.games.meanfield.compiler import compile_mean_field, register_python_games
from nashforge.games.meanfield.model import MeanFieldGame
from nashforge.solvers.meanfield.passes import (
    best_response,
    distribution,
    greedy,
    nash_conv,
    policy_values,
    rewards,
)

GAMES = [
    "mfg_crowd_modelling(size=7,horizon=6)",
    "mfg_garnet(size=6,horizon=4,num_action=4,num_chance_action=2,seed=3,eta=0.5,sparsity_factor=0.5)",
    "mean_field_nfg",
    "mean_field_nfg(reward_function=dom)",
    "mean_field_nfg(reward_function=biased_indirect_rps)",
    "mean_field_lin_quad(size=5,horizon=3,n_actions_per_side=1)",
    "mfg_crowd_modelling_2d(size=4,horizon=4)",
    "mfg_crowd_modelling_2d(size=4,horizon=4,with_congestion=true)",
    "mfg_crowd_modelling_2d(size=4,horizon=4,forbidden_states=[0|1;2|2],initial_distribution=[0|0;3|3],"
    "initial_distribution_value=[0.4;0.6])",
    "mfg_crowd_modelling_2d(size=4,horizon=4,only_distribution_reward=true,crowd_aversion_coef=0.5)",
    "python_mfg_crowd_modelling(size=5,horizon=4)",
    "python_mfg_periodic_aversion(size=5,horizon=3,n_actions_per_side=2)",
    "python_mfg_predator_prey(horizon=2)",
    pytest.param("python_mfg_predator_prey(horizon=3,geometry=1)", marks=pytest.mark.slow),
    pytest.param("python_mfg_crowd_avoidance(horizon=2,coef_congestion=1.5)", marks=pytest.mark.slow),
]


class Given(openspiel_policy.Policy):
    """A policy over the states of a compiled game, for OpenSpiel."""

    def __init__(self, original: Any, game: MeanFieldGame, policy: np.ndarray) -> None:
        super().__init__(original, list(range(game.populations)))
        self._rows = {
            (int(game.population[node]), label): row
            for node, label, row in zip(game.nodes_of_states, game.labels, policy, strict=True)
        }

    def action_probabilities(self, state: Any, player_id: int | None = None) -> dict[int, float]:
        label = state.observation_string(pyspiel.PlayerId.DEFAULT_PLAYER_ID)
        row = self._rows[state.mean_field_population(), label]
        return {action: float(row[action]) for action in state.legal_actions()}


def random_policy(game: MeanFieldGame, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).exponential(size=game.legal.shape) ** 3 * game.legal
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module", params=GAMES)
def pair(request: pytest.FixtureRequest) -> tuple[MeanFieldGame, Any]:
    register_python_games()
    return compile_mean_field(request.param), pyspiel.load_game(request.param)


def test_openspiel_agrees(pair: tuple[MeanFieldGame, Any]) -> None:
    game, original = pair
    policies = [game.uniform(), random_policy(game, 0), random_policy(game, 1)]
    policies.append(greedy(best_response(game, rewards(game, distribution(game, policies[1])))))
    for policy in policies:
        given = Given(original, game, policy)
        mass = distribution(game, policy)
        flow = openspiel_distribution.DistributionPolicy(original, given)
        for node, label in zip(game.nodes_of_states, game.labels, strict=True):
            assert mass[node] == pytest.approx(flow.value_str(label, 0.0), abs=1e-12)
        reward = rewards(game, mass)
        own = policy_value.PolicyValue(original, flow, given)
        best = best_response_value.BestResponse(original, flow)
        ours = policy_values(game, policy, reward), best_response(game, reward)
        for root, state in zip(game.roots, original.new_initial_states(), strict=True):
            assert ours[0].node[root] == pytest.approx(own.value(state), abs=1e-9)
            assert ours[1].node[root] == pytest.approx(best.value(state), abs=1e-9)
        theirs = openspiel_nash_conv.NashConv(original, given).nash_conv()
        assert nash_conv(game, policy) == pytest.approx(theirs, abs=1e-9)


def test_action_values_are_those_of_one_step(pair: tuple[MeanFieldGame, Any]) -> None:
    game, _ = pair
    policy = random_policy(game, 2)
    reward = rewards(game, distribution(game, policy))
    own, best = policy_values(game, policy, reward), best_response(game, reward)
    nodes = game.nodes_of_states
    assert (np.isneginf(own.action) == ~game.legal).all()
    finite = np.where(game.legal, own.action, 0.0)
    assert np.allclose((policy * finite).sum(axis=1), own.node[nodes])
    assert np.allclose(best.action.max(axis=1), best.node[nodes])
    assert (best.node - own.node >= -1e-9).all()


def test_mass_is_kept_in_every_layer() -> None:
    game = compile_mean_field("python_mfg_predator_prey(horizon=2)")
    mass = distribution(game, random_policy(game, 3))
    for population in range(3):
        mine = game.population == population
        totals = np.bincount(game.layer[mine], mass[:-1][mine])
        assert totals == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("mfg_crowd_modelling", 2.8135),
        ("mfg_garnet", 2.0592),
        ("mfg_crowd_modelling_2d", 5.4429),
        pytest.param("python_mfg_predator_prey", 36.97, marks=pytest.mark.slow),
        pytest.param("python_mfg_periodic_aversion", 4.3334, marks=pytest.mark.slow),
    ],
)
def test_known_nash_conv_of_uniform_play(game: str, expected: float) -> None:
    """Measured with OpenSpiel 1.6."""
    compiled = compile_mean_field(game)
    digits = len(str(expected).partition(".")[2])
    assert nash_conv(compiled, compiled.uniform()) == pytest.approx(expected, abs=0.6 * 10**-digits)
