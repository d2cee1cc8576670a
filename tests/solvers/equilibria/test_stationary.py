"""Stationary policies: values by the recursion itself, gaps, exact equilibria, matrix games as a case."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.markov import MarkovGame, cliff_walk, contribution_line, markov_game, random_markov
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.equilibria.bimatrix import nash_gap
from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.equilibria.markov import ActorCritic, Rationality, backward_induction
from nashforge.solvers.equilibria.stationary import (
    best_response_values,
    exact_stationary,
    guaranteed_values,
    policy_values,
    stationary_gaps,
)
from nashforge.solvers.risk import Risk, RiskError
from nashforge.solvers.risk.regularizers import nu

MONOTONE = [
    Rationality((2.0, 2.0), (0.6, 0.6)),
    Rationality((2.0, 3.0), (0.6, 0.5), "reverse_kl", "entropy"),
]


def one_shot(rewards: np.ndarray) -> MarkovGame:
    _, n, m = rewards.shape
    return MarkovGame("one", rewards[:, None], np.ones((1, n, m, 1)), np.ones(1), ("only",))


def random_policies(game: MarkovGame, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first, second = (rng.dirichlet(np.ones(size), size=game.states) for size in game.actions)
    return first, second


def test_one_state_without_a_future_is_the_matrix_game() -> None:
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(2, 2, 3))
    game, rationality = one_shot(rewards), Rationality((1.0, 2.0), (0.5, 0.7), "kl", "entropy")
    payoffs = (rewards[0], rewards[1])
    x, y = rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(3))
    gaps = stationary_gaps(game, (x[None], y[None]), rationality, discount=0.0)
    assert gaps == pytest.approx(
        matrix_gaps(payoffs, (x, y), tau=rationality.tau, epsilon=rationality.epsilon), abs=1e-12
    )
    plain = {"risk": Risk(0.0), "epsilon": 0.0, "regularizer": "entropy", "discount": 0.0}
    gains = [
        float(best_response_values(game, (x[None], y[None]), i, **plain)[0])
        - float(policy_values(game, (x[None], y[None]), i, **plain)[0])
        for i in range(2)
    ]
    assert sum(gains) == pytest.approx(nash_gap(*payoffs, x, y))
    least = guaranteed_values(game, (x[None], y[None]), 0, discount=0.0)
    assert least[0] == pytest.approx((x @ rewards[0]).min())
    found = exact_stationary(game, rationality, discount=0.0)
    exact = rqe(*payoffs, tau=rationality.tau, epsilon=rationality.epsilon)
    assert found.policies[0][0] == pytest.approx(exact[0], abs=1e-9)


@pytest.mark.parametrize("divergence", ["kl", "reverse_kl", "chi2", "cvar"])
def test_values_are_the_fixed_point_of_the_recursion(divergence: str) -> None:
    game = random_markov(4, 2, 3, np.random.default_rng(1))
    policies, discount, risk = random_policies(game, 2), 0.7, Risk(1.5, divergence)
    for player in range(2):
        values = policy_values(
            game, policies, player, risk=risk, epsilon=0.3, regularizer="entropy", discount=discount
        )
        rewards, transitions = game.oriented(player)
        iterated = np.zeros(game.states)
        for _ in range(150):  # the recursion itself, a contraction
            Q = rewards + discount * (transitions @ iterated)
            iterated = np.array(
                [
                    risk.value(policies[player][s] @ Q[s], policies[1 - player][s])
                    - 0.3 * nu("entropy", policies[player][s])
                    for s in range(game.states)
                ]
            )
        assert values == pytest.approx(iterated, abs=1e-10)


def test_values_lie_between_what_is_guaranteed_and_what_is_expected() -> None:
    game = markov_game("cliff_walk(3x3)")
    policies = random_policies(game, 3)
    plain = {"epsilon": 0.0, "regularizer": "entropy", "discount": 0.9}
    values = [policy_values(game, policies, 0, risk=Risk(tau), **plain) for tau in (0.0, 0.1, 1.0, 10.0, 1e4)]
    assert (np.diff(values, axis=0) <= 1e-9).all()
    assert values[-1] == pytest.approx(guaranteed_values(game, policies, 0, discount=0.9), abs=0.01)
    # Without risk, expectations: the linear system of the joint policy.
    step = np.einsum("sa,sb,sabt->st", *policies, game.transitions)
    earned = np.einsum("sa,sb,sab->s", *policies, game.rewards[0])
    assert values[0] == pytest.approx(np.linalg.solve(np.eye(game.states) - 0.9 * step, earned))


@pytest.mark.parametrize("rationality", MONOTONE, ids=lambda rationality: rationality.divergence)
@pytest.mark.parametrize("text", ["cliff_walk(4x3)", "contribution_line(3)", "random_markov(5,3x2,seed=1)"])
def test_exact_equilibria_have_no_gap_and_others_have_one(text: str, rationality: Rationality) -> None:
    game = markov_game(text).scaled()
    found = exact_stationary(game, rationality, discount=0.8)
    assert found.gap < 1e-10
    elsewhere = tuple(
        0.9 * policy + 0.1 * other
        for policy, other in zip(found.policies, random_policies(game, 0), strict=True)
    )
    gaps = stationary_gaps(game, elsewhere, rationality, discount=0.8)
    assert sum(gaps) > 1e-5
    # No random reply gains more than the gap says, from any state.
    parameters = {"risk": Risk(rationality.tau[0], rationality.divergence), "epsilon": rationality.epsilon[0]}
    parameters |= {"regularizer": rationality.regularizer, "discount": 0.8}
    here = policy_values(game, elsewhere, 0, **parameters)
    for seed in range(10):
        other = (0.5 * elsewhere[0] + 0.5 * random_policies(game, seed)[0], elsewhere[1])
        assert (policy_values(game, other, 0, **parameters) - here).max() <= gaps[0] + 1e-10


def test_the_actor_critic_reaches_the_exact_equilibrium() -> None:
    game, rationality = contribution_line(2), MONOTONE[0]
    exact = exact_stationary(game, rationality, discount=0.5)
    learner = ActorCritic(game, rationality, discount=0.5)
    for _ in range(1500):
        learner.step()
    for mine, theirs in zip(learner.result().policies, exact.policies, strict=True):
        assert mine == pytest.approx(theirs, abs=5e-3)


def test_the_actor_critic_on_an_openspiel_grid() -> None:
    """Markov soccer on two rows, 28 states of 25 pairs of actions."""
    game, rationality = markov_game(r"markov_soccer(grid=AO\n.B)"), MONOTONE[0]
    exact = exact_stationary(game, rationality, discount=0.5)
    assert exact.gap < 1e-10
    uniform = tuple(np.full((game.states, size), 1.0 / size) for size in game.actions)
    far = sum(stationary_gaps(game, uniform, rationality, discount=0.5))
    learner = ActorCritic(game, rationality, discount=0.5, actor_rate=0.1)
    for _ in range(300):
        learner.step()
    found = learner.result()
    assert sum(stationary_gaps(game, found.policies, rationality, discount=0.5)) < 1e-3 * far
    for mine, theirs in zip(found.policies, exact.policies, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-3)


def visits(game: MarkovGame, policies: tuple[np.ndarray, ...], discount: float) -> np.ndarray:
    """Discounted visits of every state."""
    step = np.einsum("sa,sb,sabt->st", *policies, game.transitions)
    return np.linalg.solve(np.eye(game.states) - discount * step.T, game.initial)


@pytest.mark.slow
def test_averse_walkers_keep_away_from_the_cliff_also_without_a_horizon() -> None:
    game = cliff_walk().scaled()
    beside = [s for s, label in enumerate(game.labels) if label.startswith("(1,")]
    found = [
        exact_stationary(game, Rationality((tau, tau), (0.04, 0.04)), discount=0.95)
        for tau in (2.0, 25.0, 100.0)
    ]
    assert all(one.gap < 1e-9 for one in found)
    there = [visits(game, one.policies, 0.95)[beside].sum() for one in found]
    assert there[0] > 1.1 * there[1] > 1.2 * there[2]


@pytest.mark.slow
def test_aversion_to_free_riding_raises_contributions_on_the_grid() -> None:
    """The more averse both are to the other's waiting, the more both walk towards the job."""
    game, effort = contribution_line(3), []
    for tau in (0.05, 2.0, 5.0):
        found = exact_stationary(game, Rationality((tau, tau), (0.2, 0.2)), discount=0.8)
        assert found.gap < 1e-9
        occupied = 0.2 * visits(game, found.policies, 0.8)
        effort.append([occupied @ policy[:, 1] for policy in found.policies])
    assert (np.diff(effort, axis=0) > 0.005).all()


def test_backward_induction_with_risk_per_action() -> None:
    rng = np.random.default_rng(4)
    rewards = rng.normal(size=(2, 2, 3))
    rationality = Rationality((1.0, 2.0), (0.5, 0.7), "kl", "entropy", risk="per_action")
    found = backward_induction(one_shot(rewards), rationality, 1)
    exact = rqe(rewards[0], rewards[1], tau=rationality.tau, epsilon=rationality.epsilon, risk="per_action")
    assert found.policies[0][0, 0] == pytest.approx(exact[0], abs=1e-9)
    assert found.gap < 1e-10


def test_errors_name_the_value_and_the_rule() -> None:
    game, rationality = contribution_line(2), MONOTONE[0]
    with pytest.raises(RiskError, match=r"discount must be at least 0 and below 1; got 1\.5"):
        exact_stationary(game, rationality, discount=1.5)
    each = Rationality((1, 1), (1, 1), risk="per_action")
    with pytest.raises(RiskError, match="measured with aggregate risk"):
        exact_stationary(game, each, discount=0.5)
    with pytest.raises(RiskError, match="aggregate risk; got 'kl' with 'per_action'"):
        ActorCritic(game, each)
    with pytest.raises(RiskError, match="positive epsilon"):
        best_response_values(
            game,
            random_policies(game, 0),
            0,
            risk=Risk(1.0),
            epsilon=0.0,
            regularizer="entropy",
            discount=0.5,
        )
