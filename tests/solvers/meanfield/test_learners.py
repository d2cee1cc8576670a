"""Learners of mean-field games, against OpenSpiel's algorithms and numbers measured with them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python.mfg.algorithms import (
    boltzmann_policy_iteration,
    fictitious_play,
    fixed_point,
    mirror_descent,
    munchausen_mirror_descent,
)
from open_spiel.python.mfg.algorithms import nash_conv as openspiel_nash_conv

from nashforge.games import GameError
from nashforge.games.meanfield.compiler import compile_mean_field, register_python_games
from nashforge.solvers import solve
from nashforge.solvers.meanfield.engine import MFG, read_task
from nashforge.solvers.meanfield.interface import MeanFieldLearner
from nashforge.solvers.meanfield.passes import nash_conv
from nashforge.solvers.sequence_form.profile import PolicyError


class MirrorDescent(mirror_descent.MirrorDescent):
    """OpenSpiel's, with policies that stay as they are.

    Its policies read the table of cumulative values that the next iteration changes while it evaluates them,
    so that nodes which several states lead to are worth what a mixture of two policies gets.
    """

    def get_projected_policy(self) -> Any:
        policy = super().get_projected_policy()
        policy._state_value = copy.deepcopy(policy._state_value)
        return policy


ALGORITHMS = {
    "mfg_fictitious_play": fictitious_play.FictitiousPlay,
    "omd": MirrorDescent,
    "munchausen_omd": munchausen_mirror_descent.MunchausenMirrorDescent,
    "boltzmann_policy_iteration": boltzmann_policy_iteration.BoltzmannPolicyIteration,
    "fixed_point": fixed_point.FixedPoint,
}

GAMES = [
    "mfg_crowd_modelling(size=6,horizon=4)",
    "mfg_garnet(size=5,horizon=3)",
    "mean_field_nfg",
    "mfg_crowd_modelling_2d(size=3,horizon=3)",
    pytest.param("python_mfg_predator_prey(horizon=3)", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_openspiel_agrees_in_every_iteration(name: str, game: str) -> None:
    register_python_games()
    original = pyspiel.load_game(game)
    algorithm = ALGORITHMS[name](original)
    curve = solve(game, name, 6, range(1, 7)).curve
    for point in curve:
        algorithm.iteration()
        expected = openspiel_nash_conv.NashConv(original, algorithm.get_policy()).nash_conv()
        assert point.gap == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("mfg_crowd_modelling", (2.8135, 0.9908, 2.2737, 2.2737, 2.7543, 55.7451)),
        ("mfg_garnet", (2.0592, 0.3647, 1.9296, 1.9296, 2.0458, 180.7805)),
    ],
)
def test_known_nash_conv_after_ten_iterations(game: str, expected: tuple[float, ...]) -> None:
    """Measured with OpenSpiel 1.6, but for mirror descent in crowd modelling: see `MirrorDescent`."""
    names = ("mfg_uniform", *ALGORITHMS)
    found = [solve(game, name, 10, ()).gap for name in names]
    assert found == pytest.approx(expected, abs=6e-5)


def test_the_tuned_rate_is_better_than_the_usual() -> None:
    for game in ("mfg_crowd_modelling", "mfg_garnet"):
        usual, tuned = (solve(game, name, 50, ()).gap for name in ("omd", "tuned_omd"))
        assert tuned < 0.1 * usual


def test_solutions_tell_policies_by_state() -> None:
    solution = solve("mfg_crowd_modelling(size=6,horizon=4)", "tuned_omd", 20)
    assert sum(solution.policy("(0, 0)").values()) == pytest.approx(1.0)
    assert solution.exploitability == solution.gap
    assert len(solution.values()) == 1
    assert len(solution.rows()) == 24 * 3
    assert len(solution.table()) == 24
    with pytest.raises(GameError, match="no game tree"):
        solution.to_openspiel()


def test_populations_have_states_of_their_own() -> None:
    solution = solve("python_mfg_predator_prey(horizon=2)", "tuned_omd", 5)
    assert [policy.shape for policy in solution.policy] == [(7, 5)] * 3
    assert len(solution.values()) == 3
    assert set(solution.policy("(pop=1, t=0, pos=[4 0])")) == {"0", "1", "2", "3", "4"}


def test_compiled_games_are_solved_as_they_are() -> None:
    game = compile_mean_field("mfg_garnet(size=5,horizon=3)")
    task = read_task(game)
    assert read_task(task) is task
    twice = solve(game.scaled(2.0), "fixed_point", 3, kind="mfg")
    assert twice.gap == pytest.approx(2.0 * solve(game, "fixed_point", 3, kind="mfg").gap)


class Wrong(MeanFieldLearner):
    def update(self, t: int, policy: Any, values: Any, best: Any, mass: Any, best_mass: Any) -> Any:
        return 2.0 * policy if t == 2 else policy


def test_what_is_no_policy_is_told() -> None:
    with pytest.raises(PolicyError, match=r"state \(0, 0\) in iteration 2"):
        solve("mfg_garnet(size=5,horizon=3)", Wrong, 3)


def test_helpers_keep_to_legal_actions() -> None:
    legal = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    learner = MeanFieldLearner(legal, 10)
    x = np.array([[1.0, 2.0, 9.0], [-1.0, -2.0, -3.0]])
    assert learner.greedy(x).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert learner.normalize(x)[0] == pytest.approx([1 / 3, 2 / 3, 0])
    assert learner.normalize(x)[1] == pytest.approx(1 / 3)
    assert learner.softmax(x)[0] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e), 0])
    assert learner.mean(x, learner.uniform()).tolist() == [[1.5], [-2.0]]
    with pytest.raises(NotImplementedError, match="must define update"):
        learner.update(1, x, x, x, x, x)


def test_every_learner_of_the_library_learns() -> None:
    game = read_task("mfg_crowd_modelling(size=6,horizon=4)")
    start = nash_conv(game.game, game.game.uniform())
    for name in MFG.library.names():
        gap = solve(game, name, 50, (), kind="mfg").gap
        if name not in ("mfg_uniform", "fixed_point"):
            assert gap < start, name
