"""Neural learners: PPO solves a problem, SRPO finds the risk-averse equilibrium, and it ends in IPPO."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

from benchmarks.studies.neural.networks import Network, log_policy
from benchmarks.studies.neural.playing import cross_returns, play
from benchmarks.studies.neural.srpo import Settings, TrainedNetworks, train
from benchmarks.studies.worlds import MarkovWorld
from nashforge.games.markov import MarkovGame, contribution_line
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.risk import RiskError

CONTRIBUTION = np.array([[0.6, 0.6], [1.0, 0.0]])
QUICK = Settings(copies=64, length=16, hidden=(16,), rate=3e-3, normalize=False)


def one_shot(copies: int) -> MarkovWorld:
    """Return example 4.2 of the source: 1 for both if anyone contributes, less 0.4 for who does."""
    return MarkovWorld(contribution_line(1), copies, 1)


def contributes(actor: Network) -> float:
    """Return the probability of contributing, which is action 1 of the line."""
    return float(np.exp(log_policy(actor, np.ones((1, 2), dtype=np.float32)))[0, 1])


def learn(updates: int, tau: float | None, seed: int = 0) -> TrainedNetworks:
    steps = updates * QUICK.copies * QUICK.length
    rng = np.random.default_rng(seed)
    return train(one_shot, rng, steps=steps, tau=tau, epsilon=0.2, settings=QUICK)


def corridor(length: int) -> MarkovGame:
    """Return a walk of player 1 alone: 1 at the right end and back to the left, 0.05 for each step left."""
    rewards, transitions = np.zeros((2, length, 2, 1)), np.zeros((length, 2, 1, length))
    for s in range(length):
        transitions[s, 0, 0, max(s - 1, 0)] = 1.0
        transitions[s, 1, 0, (s + 1) % length] = 1.0
        rewards[:, s, 0, 0] = 0.05
        rewards[:, s, 1, 0] = float(s == length - 1)
    return MarkovGame("corridor", rewards, transitions, np.eye(length)[0], tuple(map(str, range(length))))


def test_ppo_walks_a_corridor_as_well_as_can_be() -> None:
    """Stepping left pays at once; the end pays more, later."""
    game, horizon = corridor(4), 10
    best = np.zeros(game.states)
    for _ in range(horizon):
        best = (game.rewards[0, :, :, 0] + game.transitions[:, :, 0] @ best).max(axis=1)
    found = train(
        lambda copies: MarkovWorld(game, copies, horizon),
        np.random.default_rng(0),
        steps=60_000,
        tau=None,
        epsilon=0.01,
        settings=Settings(copies=32, length=30, hidden=(32,), rate=3e-3),
    )
    returns = play(
        lambda copies: MarkovWorld(game, copies, horizon), found.agents, np.random.default_rng(1), 200
    )
    assert best[0] == pytest.approx(2.1)
    assert returns[0].mean() > 0.95 * best[0]
    assert found.rewards[-1, 0] * horizon > 1.5 > found.rewards[0, 0] * horizon


def test_averse_networks_come_to_the_risk_averse_equilibrium() -> None:
    """Both agents and what they fear, with tau and epsilon in units of utility."""
    exact = rqe(CONTRIBUTION, CONTRIBUTION.T, tau=(2, 2), epsilon=(0.2, 0.2))
    assert exact.others == ()
    x = exact[0]
    feared = x * np.exp(-2 * x @ CONTRIBUTION)
    feared /= feared.sum()
    found = learn(150, tau=2.0)
    agents = [contributes(actor) for actor in found.agents]
    adversaries = [contributes(actor) for actor in found.adversaries]
    assert agents == pytest.approx([x[0]] * 2, abs=0.08)
    assert np.mean(agents) == pytest.approx(x[0], abs=0.05)
    assert np.mean(adversaries) == pytest.approx(feared[0], abs=0.04)


def test_aversion_that_is_next_to_none_ends_where_independent_learners_do() -> None:
    """With the same draws the same agent rides free, at the only asymmetric quantal response equilibrium."""
    independent, nearly = learn(200, tau=None), learn(300, tau=1e-6)
    agents = [contributes(actor) for actor in independent.agents]
    assert sorted(agents) == pytest.approx([0.1952, 0.8833], abs=0.08)
    assert independent.adversaries == independent.agents[::-1]
    # Adversaries follow their partners some steps behind, which delays the agents too.
    assert [contributes(actor) for actor in nearly.agents] == pytest.approx(agents, abs=0.08)
    assert [contributes(actor) for actor in nearly.adversaries] == pytest.approx(agents[::-1], abs=0.08)


def test_the_first_update_is_that_of_independent_learners() -> None:
    """Adversaries start as copies, so that agents first learn from the same play, whatever tau is."""
    independent, averse = learn(1, tau=None, seed=7), learn(1, tau=5.0, seed=7)
    np.testing.assert_array_equal(independent.rewards, averse.rewards)
    for mine, same in zip(independent.agents, averse.agents, strict=True):
        for one, other in zip(mine, same, strict=True):
            np.testing.assert_allclose(one[0], other[0], atol=1e-6)


def test_the_same_generator_gives_the_same_networks() -> None:
    first, again, other = learn(2, tau=2.0, seed=3), learn(2, tau=2.0, seed=3), learn(2, tau=2.0, seed=4)
    assert contributes(first.agents[0]) == contributes(again.agents[0])
    np.testing.assert_array_equal(first.rewards, again.rewards)
    assert (first.rewards != other.rewards).any()


def test_pairs_of_strangers_take_their_seats() -> None:
    """A team whose agent 0 contributes and agent 1 does not, and the reverse, each with the other's."""

    def decided(action: int) -> Network:
        weights, biases = np.zeros((2, 2), dtype=np.float32), np.full(2, -20.0, dtype=np.float32)
        biases[action] = 20.0
        return [(weights, biases)]  # type: ignore[list-item]

    teams = [(decided(1), decided(0)), (decided(0), decided(1))]
    found = cross_returns(one_shot, teams, np.random.default_rng(0), 5)
    np.testing.assert_allclose(found[0], [[0.6, 0.6], [0.0, 1.0]])
    np.testing.assert_allclose(found[1], [[1.0, 0.6], [0.0, 0.6]])


def test_parameters_are_checked() -> None:
    with pytest.raises(RiskError, match="tau must be positive"):
        train(one_shot, np.random.default_rng(0), steps=1, tau=0.0)
    with pytest.raises(RiskError, match="steps, copies, length and epochs must be positive; got 0"):
        train(one_shot, np.random.default_rng(0), steps=0)


def test_without_the_extra_one_sentence_names_it_and_the_rest_works() -> None:
    code = (
        "import importlib.util as util, sys\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name in ('jax', 'optax') else find(name, *rest)\n"
        "from benchmarks.studies import srpo, worlds\n"
        "assert 'jax' not in sys.modules\n"
        "try:\n    from benchmarks.studies.neural import srpo\n"
        "except ImportError as error:\n    print(error)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == (
        'neural learners need jax and optax; install them, in the checkout, with: pip install ".[studies]"\n'
    )
