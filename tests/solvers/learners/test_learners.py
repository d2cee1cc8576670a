"""Learners of equilibria: gradients of the four agents, convergence to exact equilibria, bad programs."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge import games
from nashforge.games.matrix.suite_files import MATRIX_SUITES
from nashforge.solvers.equilibria import Equilibrium, rqe
from nashforge.solvers.learners.engine import RQE, learning_task
from nashforge.solvers.learners.one_shot import OneShotTask, one_shot_task
from nashforge.solvers.learners.rules import learner_names, learner_source
from nashforge.solvers.learners.task import gradients
from nashforge.solvers.programs.library import NotInLibraryError
from nashforge.solvers.programs.session import InlineSession, inline_sessions, load_module
from nashforge.solvers.risk.regularizers import nu
from nashforge.solvers.sequence_form.profile import PolicyError

TASKS = (
    "SC4",
    "random(2x3,seed=1) | reverse_kl entropy",
    "random(3x2,seed=2) | kl entropy tau=2 epsilon=0.5",
)


def serve(source: str, task: OneShotTask, horizon: int) -> list[InlineSession]:
    return inline_sessions(lambda: load_module(source), RQE.arguments(task, horizon))


def equilibrium_of(task: OneShotTask) -> Equilibrium:
    return rqe(
        *task.payoffs,
        tau=task.tau,
        epsilon=task.epsilon,
        divergence=task.divergence,
        regularizer=task.regularizer,
    )


@pytest.mark.parametrize("text", TASKS)
def test_gradients_are_those_of_the_payoffs_of_four_agents(text: str) -> None:
    task, rng, h = one_shot_task(text), np.random.default_rng(0), 1e-6
    n, m = task.problem.shape
    agents = [rng.dirichlet(np.ones(size)) for size in (n, m, m, n)]

    def payoff(k: int, agents: list[np.ndarray]) -> float:
        i = k % 2
        x, y, p = agents[i], agents[1 - i], agents[2 + i]
        if k < 2:
            return float(x @ task.problem.payoffs[i] @ p - task.epsilon[i] * nu(task.regularizer, x))
        price = np.sum(p * np.log(p / y)) if task.divergence == "kl" else np.sum(y * np.log(y / p))
        return -float(x @ task.problem.payoffs[i] @ p + price / task.tau[i])

    found = gradients(task, agents)
    for k, gradient in enumerate(found):
        for a in range(len(gradient)):
            up, down = ([agent.copy() for agent in agents] for _ in range(2))
            up[k][a] += h
            down[k][a] -= h
            assert (payoff(k, up) - payoff(k, down)) / (2 * h) == pytest.approx(
                gradient[a], rel=1e-4, abs=1e-5
            )


@pytest.mark.parametrize("name", learner_names())
def test_every_learner_comes_closer(name: str) -> None:
    task = one_shot_task("SC4")
    learned = RQE.run(task, serve(learner_source(name), task, 100), 100, checkpoints=(1,))
    assert [point.iteration for point in learned.curve] == [1, 100]
    assert learned.curve[-1].gap < 0.99 * learned.curve[0].gap


@pytest.mark.parametrize("text", TASKS[:2])
def test_the_limit_is_the_exact_equilibrium(text: str) -> None:
    task = one_shot_task(text)
    learned = RQE.run(task, serve(learner_source("mirror_descent"), task, 3000), 3000)
    exact = equilibrium_of(task)
    assert learned.curve[-1].gap < 1e-10
    for mine, theirs in zip(learned.policy, exact.strategies, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)


def test_scaling_leaves_equilibria_of_games_of_people_as_they_are() -> None:
    exact = equilibrium_of(one_shot_task("SC4"))
    assert (exact[0][0], exact[1][0]) == pytest.approx((0.2881, 0.7366), abs=1e-4)


def test_disguises_hide_the_order_of_actions_and_keep_the_kind_of_game() -> None:
    plain, hidden = one_shot_task("random(4x4,seed=1)"), one_shot_task("random(4x4,seed=1)", 7, 0.2)
    assert not np.allclose(plain.payoffs[0], hidden.payoffs[0])
    assert {np.ptp(payoffs) for payoffs in hidden.payoffs} == {1.0}
    again = one_shot_task("random(4x4,seed=1)", 7, 0.2)
    assert np.array_equal(again.payoffs[0], hidden.payoffs[0])
    only_moved = one_shot_task("random(4x4,seed=1)", 7, 0.0)
    values = [sorted(np.concatenate([p.ravel() for p in task.payoffs])) for task in (plain, only_moved)]
    assert values[0] == pytest.approx(values[1])


HEAD = """
from nashforge.solvers.learners.interface import Learner


class Bad(Learner):
    def update(self, t, strategy, gradient):
"""


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("        return 2 * strategy\n", PolicyError, "sum to 1"),
        ("        return strategy - strategy.mean() * 2\n", PolicyError, "non-negative"),
        ("        return strategy[:1]\n", ValueError, "must return shape"),
    ],
)
def test_what_is_no_strategy_is_refused(body: str, kind: type[Exception], words: str) -> None:
    task = one_shot_task("SC4")
    with pytest.raises(kind, match=words):
        RQE.run(task, serve(HEAD + body, task, 3), 3)


def test_programs_need_one_learner() -> None:
    with pytest.raises(ValueError, match="exactly one subclass of Learner; found none"):
        serve("x = 1", one_shot_task("SC4"), 3)
    with pytest.raises(NotInLibraryError, match="no learner 'sgd'"):
        learner_source("sgd")


@pytest.mark.parametrize("name", MATRIX_SUITES.names())
def test_suites_are_read(name: str) -> None:
    suite = MATRIX_SUITES.load(name)
    assert suite.name == name
    for text in suite.games:
        task = learning_task(text)
        assert len(task.labels) >= 2 or (not task.labels and task.actions[0] >= 2)


@pytest.mark.parametrize("text", ["SC4 | tv entropy", "SC4 | kl entropy tau=x", "SC4 | kl entropy rate=2"])
def test_bad_tasks_are_refused(text: str) -> None:
    with pytest.raises(games.GameStringError, match="not a learning task"):
        one_shot_task(text)
