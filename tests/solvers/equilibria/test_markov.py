"""Markov games: backward induction against matrix games, risk on a cliff, stationary equilibria."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.games.markov import MarkovGame, cliff_walk, contribution_line
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.equilibria.markov import ActorCritic, Rationality, backward_induction, stationary
from nashforge.solvers.equilibria.stationary import exact_stationary, stationary_gaps
from nashforge.solvers.risk import RiskError


def test_one_state_and_one_step_is_the_matrix_equilibrium() -> None:
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(2, 1, 2, 3))
    game = MarkovGame("one", rewards, np.ones((1, 2, 3, 1)), np.ones(1), ("only",))
    rationality = Rationality((1.0, 2.0), (1.0, 0.6))
    found = backward_induction(game, rationality, 1)
    exact = rqe(
        rewards[0, 0], rewards[1, 0], tau=rationality.tau, epsilon=rationality.epsilon, regularizer="barrier"
    )
    for i in (0, 1):
        assert found.policies[i][0, 0] == pytest.approx(exact[i], abs=1e-9)
    assert found.gap < 1e-10


@pytest.mark.parametrize(("tau", "contribution"), [(1e-6, 0.5555), (0.5, 0.5837), (1.0, 0.6082)])
def test_the_last_step_of_the_cooperation_grid_is_the_contribution_game(
    tau: float, contribution: float
) -> None:
    """More aversion to the partner's free-riding, more own contribution."""
    game = contribution_line(2)
    found = backward_induction(game, Rationality((tau, tau), (0.2, 0.2), regularizer="entropy"), 1)
    by_the_job = game.labels.index("(1,1)")
    for policy in found.policies:
        assert policy[-1, by_the_job, 1] == pytest.approx(contribution, abs=1e-4)


def test_averse_walkers_keep_away_from_the_cliff() -> None:
    game, horizon = cliff_walk(), 8
    beside = [game.labels.index("(1,1)"), game.labels.index("(1,2)")]
    visits = []
    for tau in (1e-3, 0.5):
        found = backward_induction(game, Rationality((tau, tau), (0.05, 0.05)), horizon)
        assert found.gap < 1e-9
        here, total = game.initial, 0.0
        for h in range(horizon):
            step = np.einsum("sa,sb,sabt->st", found.policies[0][h], found.policies[1][h], game.transitions)
            here = here @ step
            total += here[beside].sum()
        visits.append(total)
    assert visits[1] < 0.9 * visits[0]


def test_aversion_to_the_environment_lowers_values() -> None:
    game = cliff_walk(3, 2)
    neutral = backward_induction(game, Rationality((0.1, 0.1), (0.5, 0.5)), 4)
    averse = backward_induction(game, Rationality((0.1, 0.1), (0.5, 0.5), environment=1.0), 4)
    assert averse.values[0, 0] @ game.initial < neutral.values[0, 0] @ game.initial


HOW = Rationality((2.0, 2.0), (0.6, 0.6))


def test_the_exact_actor_critic_reaches_a_stationary_equilibrium() -> None:
    game = contribution_line(2)
    learner = ActorCritic(game, HOW, discount=0.5)
    for _ in range(200):
        learner.step()
    early = learner.result()
    for _ in range(1800):
        learner.step()
    late = learner.result()
    assert late.gap < 1e-6
    assert late.residual < 1e-2
    assert late.residual < 0.2 * early.residual


@pytest.mark.parametrize(
    ("game", "samples", "far", "factor"),
    [(contribution_line(3), 2000, 0.01, 1e-3), (cliff_walk().scaled(), 8000, 0.02, 1e-2)],
    ids=lambda given: given.name if isinstance(given, MarkovGame) else None,
)
def test_samples_lead_to_the_exact_equilibrium(
    game: MarkovGame, samples: int, far: float, factor: float
) -> None:
    """Along one trajectory, whatever its luck, and ever closer."""
    exact = exact_stationary(game, HOW, discount=0.5)
    uniform = tuple(np.full((game.states, size), 1.0 / size) for size in game.actions)
    start = sum(stationary_gaps(game, (uniform[0], uniform[1]), HOW, discount=0.5))
    for seed in (1, 2):
        learner = ActorCritic(game, HOW, discount=0.5, rng=np.random.default_rng(seed))
        gaps = []
        for count in (samples // 20, samples - samples // 20):
            for _ in range(count):
                learner.step()
            policies = learner.result().policies
            gaps.append(sum(stationary_gaps(game, policies, HOW, discount=0.5)))
        assert gaps[1] < factor * start
        assert gaps[1] < 0.1 * gaps[0]
        for mine, theirs in zip(policies, exact.policies, strict=True):
            assert np.abs(mine - theirs).max() < far


def test_errors_name_the_value_and_the_rule() -> None:
    game = contribution_line(2)
    with pytest.raises(RiskError, match="discount"):
        stationary(game, HOW, discount=1.0)
    with pytest.raises(RiskError, match="knows kl and reverse_kl"):
        stationary(game, Rationality((1, 1), (1, 1), divergence="chi2"))
    with pytest.raises(ValueError, match="sum to 1"):
        MarkovGame("bad", game.rewards, 2 * game.transitions, game.initial, game.labels)
