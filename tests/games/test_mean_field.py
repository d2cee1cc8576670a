"""Mean-field games compiled: their arrays, their rewards as formulas, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pyspiel
import pytest

from nashforge.games.errors import NodeLimitError, UnsupportedGameError
from nashforge.games.meanfield.compiler import compile_mean_field, register_python_games
from nashforge.games.meanfield.disguises import disguise
from nashforge.games.meanfield.model import CHANCE, DECISION, MEAN_FIELD, TERMINAL
from nashforge.games.meanfield.naming import NAMES, is_mean_field
from nashforge.games.meanfield.rewards import Formula, find_formula

RNG = np.random.default_rng(1)


def test_crowd_modelling_has_states_for_every_place_and_time() -> None:
    game = compile_mean_field("mfg_crowd_modelling(size=6,horizon=4)")
    assert (game.populations, game.actions, game.horizon) == (1, 3, 4)
    assert game.legal.shape == (24, 3)
    assert game.legal.all()
    assert game.labels[:2] == ("(0, 0)", "(1, 0)")
    assert np.bincount(game.times).tolist() == [6, 6, 6, 6]
    assert np.allclose(game.uniform(), 1 / 3)


def test_edges_lead_to_later_layers_and_chance_sums_to_one() -> None:
    game = compile_mean_field("mfg_garnet(size=5,horizon=3,seed=2)")
    owner = np.repeat(np.arange(len(game.kind)), np.diff(game.start))
    assert (game.layer[game.child] == game.layer[owner] + 1).all()
    totals = np.bincount(owner, game.probability, len(game.kind))
    assert np.allclose(totals[game.kind == CHANCE], 1.0)
    assert (np.diff(game.start)[game.kind == MEAN_FIELD] == 1).all()
    assert (np.diff(game.start)[game.kind == TERMINAL] == 0).all()
    assert (game.action[game.kind[owner] != DECISION] == -1).all()


def test_aversion_to_crowds_is_read_off_as_a_logarithm() -> None:
    """Crowd modelling rewards ``1 - |x - n/2| / (n/2) - |move| / n - log(m + 1e-25)``."""
    game = compile_mean_field("mfg_crowd_modelling(size=6,horizon=4)")
    row, node, weight, floor = game.terms.logarithmic
    assert (weight == -1.0).all()
    assert floor == pytest.approx(1e-25, rel=1e-6)  # a float of C++
    assert len(row) == 3 * 6  # nothing is known of the distribution before the first move
    assert game.states[row].tolist() == list(range(6, 24))
    assert (game.child[game.start[node]] == row).all()


def test_populations_see_each_other() -> None:
    game = compile_mean_field("python_mfg_predator_prey(horizon=2)")
    assert game.populations == 3
    assert [len(states) for states in game.states_of] == [7, 7, 7]
    row, node, slope = game.terms.linear
    reached = node < len(game.kind)  # the others are behind the last, in places that nobody reaches
    matrix = np.zeros((3, 3))
    matrix[game.population[row[reached]], game.population[node[reached]]] = slope[reached]
    assert matrix.tolist() == [[0, -1, 1], [1, 0, 0], [-1, 0, 0]]  # the last two have not met by then


def test_costs_of_the_distance_to_the_mean_are_quadratic() -> None:
    game = compile_mean_field("mean_field_lin_quad(size=4,horizon=2,n_actions_per_side=1)")
    row, first, second, product = game.terms.quadratic
    assert len(game.terms.logarithmic[0]) == 0
    # -kappa / 2 times the square of the mean, to which place x adds x times its mass
    assert set(product[(row == row[0]) & (first == second)].tolist()) == {-0.25, -1.0, -2.25}
    assert set(product[(row == row[0]) & (first != second)].tolist()) == {-1.0, -1.5, -3.0}


def test_what_a_label_forgets_is_said() -> None:
    """The cost of the last move is not in the observation string of crowd modelling."""
    assert compile_mean_field("mfg_crowd_modelling(size=6,horizon=4)").forgets_arrivals
    assert not compile_mean_field("python_mfg_predator_prey(horizon=2)").forgets_arrivals


def test_rewards_scale() -> None:
    game = compile_mean_field("mfg_crowd_modelling(size=6,horizon=4)")
    twice = game.scaled(2.0)
    assert np.array_equal(twice.terms.constant, 2.0 * game.terms.constant)
    assert np.array_equal(twice.terms.logarithmic[2], 2.0 * game.terms.logarithmic[2])
    assert np.array_equal(twice.terms.logarithmic[3], game.terms.logarithmic[3])


@pytest.mark.parametrize(
    ("game", "why"),
    [
        ("kuhn_poker", "no mean-field game"),
        ("mfg_dynamic_routing", "takes not every distribution"),
        ("python_mfg_dynamic_routing", "depends on the distribution"),
        ("mean_field_lin_quad(size=4,horizon=2,mean_revert=0.5)", "depends on the distribution"),
    ],
)
def test_what_is_no_such_game_is_refused(game: str, why: str) -> None:
    with pytest.raises(UnsupportedGameError, match=why):
        compile_mean_field(game)


def test_games_that_are_too_large_are_refused() -> None:
    with pytest.raises(NodeLimitError, match="more than 100"):
        compile_mean_field("mfg_crowd_modelling", max_nodes=100)


def test_mean_field_games_are_told_by_their_names() -> None:
    register_python_games()
    for kind in pyspiel.registered_games():
        mean_field = kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD
        assert kind.short_name.startswith(NAMES) == is_mean_field(kind.short_name) == mean_field
    assert is_mean_field(pyspiel.load_game("python_mfg_predator_prey"))
    assert not is_mean_field(pyspiel.load_game("kuhn_poker"))
    assert not is_mean_field([[1, 2], [3, 4]])


def test_a_disguise_is_another_face_of_the_same_game() -> None:
    game = compile_mean_field("mfg_garnet(size=5,horizon=3)")
    face = disguise(game, 7)
    assert sorted(face.action.tolist()) == sorted(game.action.tolist())
    assert not np.array_equal(face.action, game.action)
    assert face.terms.constant.tolist() == game.terms.constant.tolist()
    other = disguise(game, 7, perturbation=0.2)
    deciding = game.kind == DECISION
    changed = (other.terms.constant - game.terms.constant)[deciding]
    assert 0.1 < changed.std() / game.terms.constant[deciding].std() < 0.4
    assert np.array_equal(other.action, face.action)


@pytest.mark.parametrize(
    "formula",
    [
        Formula(0.3),
        Formula(-1.0, linear=((2, 0.5), (7, -3.0))),
        Formula(0.1234567890123, logarithmic=((4, -1.0, 1e-25),)),
        Formula(2.0, ((4, 1.5), (1, 1.0)), ((4, -0.01, 5e-17), (9, 0.2, 1e-10))),
        Formula(0.5, ((0, 1.0),), quadratic=((0, 3, 2.0), (3, 3, -1.25))),
    ],
)
def test_formulas_are_found(formula: Formula) -> None:
    assert formula.masses == find_formula(formula, 11, RNG).masses  # type: ignore[union-attr]
    found = find_formula(formula, 11, RNG)
    assert found is not None
    for _ in range(5):
        mass = RNG.dirichlet(np.full(11, 0.3))
        assert found(mass) == pytest.approx(formula(mass), abs=1e-11)


def test_a_formula_is_guessed_but_for_its_constant() -> None:
    formula = Formula(0.25, ((4, 1.5),), ((4, -1.0, 1e-25),))
    asked = []

    def probe(mass: np.ndarray) -> float:
        asked.append(mass)
        return formula(mass)

    guess = Formula(7.0, formula.linear, formula.logarithmic)
    assert find_formula(probe, 11, RNG, guess) == formula
    assert len(asked) == 4


@pytest.mark.parametrize("reward", [lambda m: math.sqrt(m[3]), lambda m: m[1] * m[2] * m[3]])
def test_other_rewards_have_no_formula(reward: object) -> None:
    assert find_formula(reward, 6, RNG) is None  # type: ignore[arg-type]
