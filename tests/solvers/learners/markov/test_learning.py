"""Learners in Markov games: gradients by finite differences, exact limits, tasks, one-shot games a case."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pytest

from nashforge import games
from nashforge.games.markov import MarkovGame, contribution_line, markov_game, random_markov
from nashforge.solvers.equilibria.stationary import exact_stationary
from nashforge.solvers.learners.engine import RQE
from nashforge.solvers.learners.markov.play import best_welfare
from nashforge.solvers.learners.markov.task import MarkovTask, is_markov_task, markov_task
from nashforge.solvers.learners.one_shot import one_shot_task
from nashforge.solvers.learners.rules import learner_names, learner_source
from nashforge.solvers.learners.task import gradients
from nashforge.solvers.metrics import registry
from nashforge.solvers.programs.session import InlineSession, inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import PolicyError

TASKS = (
    "cliff_walk(3x2)",
    "contribution_line(2) | reverse_kl entropy tau=5,4 epsilon=0.2,0.3 discount=0.6",
    "random_markov(3,2x3,seed=1) | kl entropy tau=2 epsilon=0.5",
)


def serve(source: str, task: MarkovTask, horizon: int) -> list[InlineSession]:
    return inline_sessions(lambda: load_module(source), RQE.arguments(task, horizon))


def random_agents(task: MarkovTask, seed: int) -> list[np.ndarray]:
    rng, (n, m) = np.random.default_rng(seed), task.game.actions
    return [rng.dirichlet(np.ones(size), size=task.game.states) for size in (n, m, m, n)]


@pytest.mark.parametrize("text", TASKS)
def test_gradients_are_those_of_values_a_visit(text: str) -> None:
    """The policy gradient theorem: dV(first)/dx_s is the visits of s times what the agent in s is told."""
    task, h = markov_task(text), 1e-6
    agents = random_agents(task, 0)
    told = gradients(task, agents)
    for role in range(4):
        player, sign = role % 2, 1 if role < 2 else -1
        rows = agents[player], agents[2 + player]
        step = np.einsum("sa,sabt,sb->st", rows[0], task.game.oriented(player)[1], rows[1])
        visits = np.linalg.inv(np.eye(task.game.states) - task.discount * step)
        for s in range(task.game.states):
            for a in range(agents[role].shape[1]):
                values = []
                for change in (h, -h):
                    moved = [agent.copy() for agent in agents]
                    moved[role][s, a] += change
                    values.append(sign * task.joint_values(moved, player))
                slope = (values[0] - values[1]) / (2 * h)
                assert slope == pytest.approx(visits[:, s] * told[role][s, a], rel=1e-4, abs=1e-5)


def test_one_state_without_a_future_is_the_one_shot_engine() -> None:
    plain = one_shot_task("random(2x3,seed=4) | kl entropy tau=2 epsilon=0.3")
    rewards = np.stack([plain.payoffs[0], plain.payoffs[1]])[:, None]
    game = MarkovGame("one", rewards, np.ones((1, 2, 3, 1)), np.ones(1), ("only",))
    read = markov_task("contribution_line(1) | kl entropy tau=2 epsilon=0.3 discount=0")
    task = MarkovTask("one", read.rationality, game, read.discount)
    source = learner_source("optimistic_gradient")
    mine = RQE.run(task, serve(source, task, 40), 40, (1, 10))
    session = inline_sessions(lambda: load_module(source), RQE.arguments(plain, 40))
    theirs = RQE.run(plain, session, 40, (1, 10))
    for x, y in zip(mine.policy, theirs.policy, strict=True):
        assert x[0] == pytest.approx(y, abs=1e-12)
    gaps = [[point.gap for point in learned.curve] for learned in (mine, theirs)]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-11)


def defined_measures(task: MarkovTask, policies: Sequence[np.ndarray]) -> dict[str, float]:
    """Return all measures that need no parameters, as far as they are defined."""
    play, found = task.play(tuple(policies)), {}
    for name, measure in registry.measures(registry.MARKOV).items():
        with suppress(registry.UndefinedMetricError):
            measure.check(play, registry.Parameters())
            found[name] = measure.value(play, registry.Parameters())
    return found


@pytest.mark.parametrize("text", TASKS[:2])
def test_the_limit_is_the_exact_equilibrium(text: str) -> None:
    task = markov_task(text)
    learned = RQE.run(task, serve(learner_source("mirror_descent"), task, 500), 500)
    exact = exact_stationary(task.game, task.rationality, discount=task.discount)
    assert learned.curve[-1].gap < 1e-7
    for mine, theirs in zip(learned.policy, exact.policies, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-3)
    measures = defined_measures(task, learned.policy)
    assert measures["security_value"] <= measures["risk_adjusted_value"] <= measures["welfare"] / 2
    assert measures["exploitability"] > 0


@pytest.mark.parametrize("name", learner_names())
def test_every_learner_comes_closer(name: str) -> None:
    task = markov_task("contribution_line(2)")
    learned = RQE.run(task, serve(learner_source(name), task, 60), 60, checkpoints=(1,))
    assert [point.iteration for point in learned.curve] == [1, 60]
    assert learned.curve[-1].gap < 0.99 * learned.curve[0].gap


def test_disguised_tasks_have_the_same_equilibria() -> None:
    """Order hides nothing that matters: without perturbation gaps of equilibria carry over."""
    text = "cliff_walk(3x2) | reverse_kl entropy tau=5,7 epsilon=0.3,0.2"
    plain = markov_task(text)
    exchanged = set()
    for seed in range(4):
        hidden = markov_task(text, seed, 0.0)
        assert sum(np.ptp(rewards) for rewards in hidden.game.rewards) == pytest.approx(2)
        uniform = [[np.full((t.game.states, k), 1 / k) for k in t.game.actions] for t in (plain, hidden)]
        assert hidden.gap(tuple(uniform[1])) == pytest.approx(plain.gap(tuple(uniform[0])))
        exchanged.add(hidden.tau)
        assert not np.array_equal(markov_task(text, seed, 0.2).game.rewards, hidden.game.rewards)
    assert exchanged == {(5.0, 7.0), (7.0, 5.0)}


def test_what_is_no_strategy_is_refused_with_the_state() -> None:
    task = markov_task("contribution_line(2)")
    source = learner_source("mirror_descent").replace("return self.softmax(", "return 2 * self.softmax(")
    with pytest.raises(PolicyError, match=r"sum to 1; in state \(1,1\) in iteration 1"):
        RQE.run(task, serve(source, task, 3), 3)


def test_tasks_are_told_from_one_shot_games() -> None:
    assert is_markov_task("cliff_walk(4x3) | kl barrier")
    assert not is_markov_task("SC4 | kl barrier")
    assert markov_task("contribution_line(2)").game is not markov_game("contribution_line(2)")


@pytest.mark.parametrize(
    "options",
    ["tv entropy", "kl entropy tau=x", "kl entropy rate=2", "kl ridge", "kl barrier discount=1", "x y tau=1"],
)
def test_bad_tasks_are_refused(options: str) -> None:
    with pytest.raises(games.GameStringError, match="not a learning task"):
        markov_task(f"cliff_walk(3x2) | {options}")


def test_the_best_welfare_is_that_of_a_planner() -> None:
    """By value iteration, and in one state the largest sum of payoffs."""
    game = random_markov(5, 2, 3, np.random.default_rng(8))
    values = np.zeros(game.states)
    for _ in range(400):
        values = (game.rewards.sum(axis=0) + 0.9 * (game.transitions @ values)).max(axis=(1, 2))
    assert best_welfare(game, 0.9) == pytest.approx(values, abs=1e-9)
    assert best_welfare(game, 0.0) == pytest.approx(game.rewards.sum(axis=0).max(axis=(1, 2)))


def test_free_riding_and_the_price_of_anarchy_where_they_are_defined() -> None:
    """On the line one walks and the other waits: costs differ by 0.4 a step; a planner does no better."""
    task = markov_task("contribution_line(2) | kl barrier tau=25 epsilon=0.04 discount=0.8")
    walks, waits = np.tile([0.0, 1.0], (4, 1)), np.tile([1.0, 0.0], (4, 1))
    found = defined_measures(task, (np.clip(walks, 1e-12, 1), np.clip(waits, 1e-12, 1)))
    width = np.ptp(contribution_line(2).rewards[0])
    assert found["free_riding"] == pytest.approx(0.4 / width / (1 - 0.8))
    assert found["price_of_anarchy"] == pytest.approx(1.0)
    uniform = np.full((4, 2), 0.5)
    other = defined_measures(task, (uniform, uniform))
    assert other["free_riding"] == pytest.approx(0.0, abs=1e-12)
    assert other.get("price_of_anarchy", 2.0) > 1.0
    cliff = markov_task("cliff_walk(3x3)")
    states = cliff.game.states
    assert "free_riding" not in defined_measures(
        cliff, (np.full((states, 4), 0.25), np.full((states, 2), 0.5))
    )


def test_the_price_of_anarchy_is_undefined_where_rewards_cancel() -> None:
    """What rounding leaves of a zero-sum game's welfare is no welfare."""
    task = markov_task("markov_soccer(grid=.A\nO.\n.B)")
    rng = np.random.default_rng(0)
    shape = task.game.rewards.shape[1:]
    for _ in range(5):
        pair = tuple(rng.dirichlet(np.ones(actions), shape[0]) for actions in shape[1:])
        found = defined_measures(task, pair)
        assert found["welfare"] == 0.0
        assert "price_of_anarchy" not in found


def test_welfare_is_the_sum_of_what_the_players_get() -> None:
    task = markov_task("random_markov(4,3x2,seed=5)")
    rng = np.random.default_rng(1)
    states = task.game.states
    pair = (rng.dirichlet(np.ones(3), states), rng.dirichlet(np.ones(2), states))
    assert defined_measures(task, pair)["welfare"] == pytest.approx(task.play(pair).values().sum())
