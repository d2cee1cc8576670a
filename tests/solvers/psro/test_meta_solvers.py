"""Meta-solvers of the library against OpenSpiel's and against known equilibria."""

import numpy as np
import pytest
from open_spiel.python.algorithms import projected_replicator_dynamics, regret_matching

from nashforge.solvers.psro.interface import UnsuitableGameError
from nashforge.solvers.psro.meta_solvers import LIBRARY
from nashforge.solvers.psro.restricted.operator import TensorGame
from nashforge.solvers.solving import solve


def restricted(*tensors):
    """Return the operator of a game given by its payoff tensors."""
    players, policies = len(tensors), len(tensors[0])
    shown = np.array([np.moveaxis(tensor, p, -1).reshape(-1) for p, tensor in enumerate(tensors)])
    return TensorGame(players, policies, shown, policies)


def openspiels_alpharank(tensors):
    """Return the ranks of OpenSpiel's implementation; to import it takes a second, for its plots."""
    from open_spiel.python.egt import alpharank

    _, _, ranks, _, _ = alpharank.compute(tensors, m=50, alpha=1, use_inf_alpha=True, inf_alpha_eps=0.01)
    return ranks


def random_tensors(players, policies, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(policies,) * players) for _ in range(players)]


def solver(name, players, **constants):
    namespace = LIBRARY.load(name)[1]
    (kind,) = (v for v in namespace.values() if isinstance(v, type) and v.__module__ == namespace["__name__"])
    return type(kind.__name__, (kind,), constants)(players, 100)


def mixture(weights):
    return np.asarray(weights) / np.sum(weights, axis=1, keepdims=True)


@pytest.mark.parametrize("players", [2, 3])
def test_prd_is_openspiels(players):
    tensors = random_tensors(players, 4, seed=players)
    theirs = projected_replicator_dynamics.projected_replicator_dynamics(
        tensors, prd_iterations=300, prd_dt=0.01, prd_gamma=1e-3
    )
    mine = solver("prd", players, steps=300, dt=0.01, gamma=1e-3).train(1, restricted(*tensors))
    assert np.abs(mixture(mine) - np.array(theirs)).max() < 1e-9


@pytest.mark.parametrize("players", [2, 3])
def test_regret_matching_is_openspiels(players):
    tensors = random_tensors(players, 4, seed=10 + players)
    theirs = regret_matching.regret_matching(tensors, iterations=300, gamma=1e-3)
    mine = solver("regret_matching", players, rounds=300, gamma=1e-3).train(1, restricted(*tensors))
    assert np.abs(mixture(mine) - np.array(theirs)).max() < 1e-9


@pytest.mark.parametrize("players", [2, 3])
def test_alpharank_is_openspiels(players):
    rng = np.random.default_rng(players)
    # Small whole numbers, so that there are ties.
    tensors = [rng.integers(0, 3, size=(4,) * players).astype(float) for _ in range(players)]
    pi = openspiels_alpharank(tensors)
    joint = pi.reshape((4,) * players)
    mine = solver("alpharank", players, tolerance=1e-13, steps=20000).train(1, restricted(*tensors))
    for p in range(players):
        others = tuple(q for q in range(players) if q != p)
        assert np.abs(mine[p] - joint.sum(axis=others)).max() < 1e-8


def test_alpharank_takes_policies_that_are_alike_for_one():
    """The chain over all policies as OpenSpiel makes it, some of them twice, on no more states than kinds."""
    rng = np.random.default_rng(8)
    kinds = [np.array([0, 0, 1, 2, 1]), np.array([0, 1, 1, 1, 2]), np.array([2, 1, 0, 0, 0])]
    small = [rng.integers(0, 3, size=(3, 3, 3)).astype(float) for _ in range(3)]
    tensors = [tensor[np.ix_(*kinds)] for tensor in small]
    pi = openspiels_alpharank(tensors)
    joint = pi.reshape((5,) * 3)
    mine = solver("alpharank", 3, tolerance=1e-13, steps=20000, most_states=27)
    found = mine.train(1, restricted(*tensors))
    for p in range(3):
        others = tuple(q for q in range(3) if q != p)
        assert np.abs(found[p] - joint.sum(axis=others)).max() < 1e-8
    mine.most_states = 26
    with pytest.raises(UnsuitableGameError, match="at most 26 states; this restricted game has 27"):
        mine.train(1, restricted(*tensors))


@pytest.mark.parametrize("players", [2, 3])
def test_alpharank_without_differences_is_uniform(players):
    game = restricted(*(np.ones((4,) * players) for _ in range(players)))
    assert np.array_equal(solver("alpharank", players).train(1, game), game.uniform())


def gap(payoffs, strategies):
    row, column = mixture(strategies)
    return float((payoffs @ column).max() - (row @ payoffs).min())


@pytest.mark.parametrize("shift", [0.0, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_nash_guarantees_the_same_value_to_both(seed, shift):
    """Weak duality: where the two guarantees meet, both mixtures are optimal."""
    (payoffs,) = random_tensors(2, 12, seed=seed)[:1]
    assert gap(payoffs, solver("nash", 2).train(1, restricted(payoffs + shift, 1 - payoffs))) < 1e-9


@pytest.mark.parametrize(
    ("name", "constants", "limit"),
    [
        ("projection_matching", {}, 1e-2),
        ("regret_matching", {"rounds": 20000}, 2e-2),
        ("fictitious_play", {"rounds": 20000}, 5e-2),
        ("prd", {"steps": 20000, "dt": 0.01}, 5e-2),
    ],
)
def test_iterated_solvers_approach_equilibria_of_matrix_games(name, constants, limit):
    (payoffs,) = random_tensors(2, 6, seed=21)[:1]
    game = restricted(payoffs, -payoffs)
    instance = solver(name, 2, **constants)
    assert gap(payoffs, instance.evaluate(100, game)) < limit
    assert gap(payoffs, game.uniform()) > 0.5


def test_shor_is_what_the_paper_prints():
    """One round by hand, from the formulas."""
    first, second = random_tensors(2, 3, seed=30)
    game = restricted(first, second)
    blend, temperature, momentum, diversity = 0.3, 0.5, 0.5, 0.05
    strategies = np.full((2, 3), 1 / 3)
    for p in (0, 1):
        payoffs = first @ strategies[1] if p == 0 else strategies[0] @ second
        centered = payoffs - payoffs.mean()
        gain = (1 + momentum) * centered + diversity * (1 - strategies[p])
        gain /= np.abs(gain).max()
        regret = np.maximum(gain, 0)
        soft = np.exp(payoffs / temperature)
        strategies[p] = (1 - blend) * regret / regret.sum() + blend * soft / soft.sum()
    average, last = solver("shor", 2).iterate(game, 1, blend, temperature, momentum, diversity)
    assert np.abs(last - strategies).max() < 1e-12
    assert np.abs(average - strategies).max() < 1e-12
    assert solver("shor", 2).rounds((1000, 20, 5000), game) == 1040


@pytest.mark.parametrize(("scale", "offset"), [(1e-9, 0.0), (1e-9, 3.0), (1e9, -1e12)])
def test_nash_solves_constant_sums_in_any_unit(scale, offset):
    (payoffs,) = random_tensors(2, 12, seed=3)[:1]
    game = restricted(scale * payoffs + offset, 7 - scale * payoffs)
    assert gap(payoffs, solver("nash", 2).train(1, game)) < (
        1e-9 if offset == 0 else 1e-5
    )  # of the rounded game


@pytest.mark.parametrize("seed", range(5))
def test_nash_of_a_general_sum_is_an_equilibrium_whatever_the_units_and_the_order(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 4, size=(2, 8, 8)).astype(float)
    chosen = mixture(solver("nash", 2).train(1, restricted(first, second)))
    u, v = first @ chosen[1], chosen[0] @ second
    assert u.max() - chosen[0] @ u < 1e-9
    assert v.max() - chosen[1] @ v < 1e-9
    rows, columns = rng.permutation(8), rng.permutation(8)
    moved = [matrix[np.ix_(rows, columns)] for matrix in (1e-9 * first + 5, 1e6 * second)]
    again = mixture(solver("nash", 2).train(1, restricted(*moved)))
    values = [(x @ first @ y, x @ second @ y) for x, y in (chosen, again_in_order(again, rows, columns))]
    welfare = [a / np.ptp(first) + b / np.ptp(second) for a, b in values]
    assert welfare[0] == pytest.approx(welfare[1], abs=1e-5)


def again_in_order(strategies, rows, columns):
    return strategies[0][np.argsort(rows)], strategies[1][np.argsort(columns)]


@pytest.mark.parametrize("game", ["matrix_bos", "matrix_pd", "matrix_sh", "matrix_cd", "tiny_hanabi"])
def test_double_oracle_ends_at_an_equilibrium_of_general_sum_games(game):
    assert solve(game, "nash", iterations=30).exploitability < 1e-9


def test_nash_refuses_games_of_three_players():
    with pytest.raises(UnsuitableGameError, match="two players"):
        solver("nash", 3).train(1, restricted(*random_tensors(3, 2, seed=0)))
