"""The restricted game as an operator: tensors and factors against plain numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.solvers.psro.interface import advantages, center, normalize, project, rescale, softmax
from nashforge.solvers.psro.restricted.disguise import RestrictedDisguise
from nashforge.solvers.psro.restricted.factored_payoffs import FactoredPayoffs
from nashforge.solvers.psro.restricted.operator import FactoredGame, TensorGame
from nashforge.solvers.psro.restricted.tensors import Tensors
from nashforge.solvers.sequence_form.tables import tables


def random_populations(form, policies, seed):
    """Plans of the uniform policy and of random ones, half of them deterministic."""
    rng = np.random.default_rng(seed)
    shared = tables(form)
    populations = [np.empty((policies, size + 1)) for size in shared.sizes]
    flat = np.empty(shared.length)
    for k in range(policies):
        for p, treeplex in enumerate(form.treeplexes):
            sizes = np.diff(treeplex.start)
            policy = np.repeat(1.0 / sizes, sizes)
            if k:
                policy = rng.random(len(policy)) ** (1 + 50 * (k % 2))
                policy /= np.repeat(np.add.reduceat(policy, treeplex.start[:-1]), sizes)
            shared.set_plan(p, policy, flat, np.empty(len(policy)))
            populations[p][k] = flat[shared.segments[p]]
    return populations


def exact_tensors(form, populations):
    """Return every player's payoff tensor by definition: a sum over leaves."""
    reach = [plans[:, form.leaf_sequences[p]] for p, plans in enumerate(populations)]
    letters = "abcd"[: form.players]
    formula = ",".join(f"{letter}z" for letter in letters) + f",z->{letters}"
    return [np.einsum(formula, *reach, payoffs) for payoffs in form.leaf_payoffs]


def tensor_game(form, populations, disguise=None):
    """Return the operator over tensors that were grown a policy at a time, in a larger capacity."""
    policies, capacity = len(populations[0]), len(populations[0]) + 2
    grown = Tensors(form, capacity)
    shown = {"tensors": np.zeros((form.players, capacity**form.players))}
    disguise = disguise or RestrictedDisguise(form.players)
    for k in range(1, policies + 1):
        grown.write([plans[:k] for plans in populations], disguise, disguise.orders(k), shown)
    return TensorGame(form.players, policies, shown["tensors"], capacity)


def factored_game(form, populations, disguise=None, orders=None):
    """Return the operator over factors."""
    policies = len(populations[0])
    factors = FactoredPayoffs(form, policies + 2)
    arrays = {
        "sizes": np.zeros(form.players + 1, np.int64),
        "by_policy": np.zeros((form.players, policies + 2, factors.classes)),
        "by_class": np.zeros((form.players, factors.classes, policies + 2)),
        "classes": np.zeros((form.players, factors.leaves), np.uint32),
        "core": np.zeros((form.players, factors.leaves)),
    }
    disguise = disguise or RestrictedDisguise(form.players)
    factors.write(populations, disguise, orders or disguise.orders(policies), arrays)
    return FactoredGame(form.players, policies, arrays), arrays


def exact_payoffs(tensor, player, strategies):
    for q in reversed(range(len(strategies))):
        if q != player:
            tensor = np.tensordot(tensor, strategies[q], axes=([q], [0]))
    return tensor


GAMES = ["kuhn_poker", "kuhn_poker(players=3)", "kuhn_poker(players=4)", "leduc_poker"]


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("policies", [1, 2, 5])
def test_both_operators_contract_the_exact_tensor(name, policies):
    form = games.compile(name)
    populations = random_populations(form, policies, seed=policies)
    exact = exact_tensors(form, populations)
    rng = np.random.default_rng(1)
    for game in (tensor_game(form, populations), factored_game(form, populations)[0]):
        for _ in range(4):
            strategies = rng.random((form.players, policies)) * (rng.random((form.players, policies)) > 0.3)
            together = game.all_payoffs(strategies)
            for p in range(form.players):
                expected = exact_payoffs(exact[p], p, strategies)
                assert np.abs(game.payoffs(p, strategies) - expected).max() < 1e-12
                assert np.abs(together[p] - expected).max() < 1e-12
        for p in range(form.players):
            assert np.abs(game.tensor(p) - exact[p]).max() < 1e-12


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_remembered_mixtures_never_go_stale(seed, players):
    """Whatever is asked in whatever order, in place or not, as if nothing had been asked before."""
    form = games.compile("kuhn_poker(players=3)")
    populations = random_populations(form, 4, seed=3)
    game, arrays = factored_game(form, populations)
    rng = np.random.default_rng(seed)
    strategies = game.uniform()
    for p in players:
        strategies[int(rng.integers(3)), int(rng.integers(4))] = rng.random()
        fresh = FactoredGame(3, 4, arrays)
        assert np.array_equal(game.payoffs(p, strategies), fresh.payoffs(p, strategies.copy()))


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.sampled_from(["dense", "sparse", "floor", "equal", "one", "nothing"]),
    st.sampled_from(["dense", "sparse", "floor", "equal", "one", "nothing"]),
)
def test_least_weights_are_contracted_together(seed, players, kind, other):
    """Mixtures in which many policies have the same weight, in turn: as a plain contraction of the tensor."""
    rng = np.random.default_rng(seed)
    policies = int(rng.integers(1, 12))
    tensors = rng.normal(size=(players, *(policies,) * players))
    shown = np.zeros((players, (policies + 1) ** players))
    for p in range(players):
        whole = shown[p].reshape((policies + 1,) * players)
        whole[(slice(policies),) * players] = np.moveaxis(tensors[p], p, -1)
    game = TensorGame(players, policies, shown, policies + 1)
    for which in (kind, other, kind):
        strategies = rng.random((players, policies))
        if which in ("sparse", "floor"):
            strategies *= rng.random(strategies.shape) < 0.3
        if which in ("floor", "equal"):
            strategies = 1e-3 + (which == "floor") * strategies
        if which in ("one", "nothing"):
            strategies[:] = 0.0
            strategies[:, 0] = which == "one"
        together = game.all_payoffs(strategies)
        for p in range(players):
            expected = exact_payoffs(tensors[p], p, strategies)
            assert np.abs(together[p] - expected).max() < 1e-12
            assert np.array_equal(game.payoffs(p, strategies), together[p])


def test_a_weight_that_is_no_number_is_not_hidden():
    game = tensor_game(
        games.compile("kuhn_poker(players=3)"),
        random_populations(games.compile("kuhn_poker(players=3)"), 4, seed=1),
    )
    strategies = game.uniform()
    strategies[0, 2] = np.nan
    assert np.isnan(game.payoffs(1, strategies)).any()
    assert np.isfinite(game.payoffs(0, strategies)).all()


def test_factors_know_only_what_the_population_tells_apart():
    form = games.compile("kuhn_poker(players=3)")
    populations = random_populations(form, 3, seed=0)
    _, alone = factored_game(form, [plans[:1] for plans in populations])
    assert alone["sizes"].tolist()[:3] == [1, 1, 1]
    assert alone["sizes"][3] <= 1
    _, grown = factored_game(form, populations)
    assert all(1 < size <= 33 for size in grown["sizes"][:3])


def test_a_guise_permutes_scales_and_shifts():
    form = games.compile("kuhn_poker(players=3)")
    populations = random_populations(form, 5, seed=2)
    disguise = RestrictedDisguise(3, np.random.default_rng(8))
    orders = disguise.orders(5)
    hidden = factored_game(form, populations, disguise, orders)[0]
    exact = exact_tensors(form, populations)
    for p in range(3):
        expected = exact[p][np.ix_(*orders)] * disguise.scale[p] + disguise.shift[p]
        assert np.abs(hidden.tensor(p) - expected).max() < 1e-12
    assert not np.array_equal(orders[0], np.arange(5))


def test_wrong_questions_are_named():
    form = games.compile("kuhn_poker")
    game = tensor_game(form, random_populations(form, 3, seed=0))
    with pytest.raises(ValueError, match=r"shape \(players, policies\) = \(2, 3\); got \(2, 4\)"):
        game.payoffs(0, np.ones((2, 4)))
    with pytest.raises(ValueError, match="no player 2"):
        game.payoffs(2, np.ones((2, 3)))
    large = TensorGame(3, 200, np.zeros((3, 1)), 200)
    with pytest.raises(ValueError, match="8000000 entries"):
        large.tensor(0)


rows = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=8)


@settings(max_examples=60)
@given(rows, st.floats(0.01, 10))
def test_helpers_do_what_they_say(row, temperature):
    x = np.array(row)
    expected = np.exp((x - x.max()) / temperature)
    assert np.allclose(softmax(x, temperature), expected / expected.sum())
    positive = np.maximum(x, 0)
    total = positive.sum()
    uniform = np.full(len(x), 1 / len(x))
    assert np.allclose(normalize(x), positive / total if total > 1e-12 else uniform)
    assert np.allclose(center(x), x - x.mean())
    largest = np.abs(x).max()
    assert np.allclose(rescale(x), x / largest if largest > 1e-8 else x)
    both = np.array([x, x[::-1]])
    for helper in (normalize, center, rescale, project, softmax):
        assert np.array_equal(helper(both), np.array([helper(x), helper(x[::-1])]))
    mixture = softmax(both)
    assert np.allclose(advantages(both, mixture), both - (both * mixture).sum(axis=1, keepdims=True))


@settings(max_examples=60)
@given(rows, st.floats(0, 0.1))
def test_projections_are_nearest_mixtures(row, least):
    """The optimality condition of a projection: no mixture lies on the far side of it."""
    x = np.array(row)
    least = min(least, 0.9 / len(x))
    nearest = project(x, least)
    assert abs(nearest.sum() - 1) < 1e-9
    assert nearest.min() >= least - 1e-12
    for corner in np.eye(len(x)) * (1 - len(x) * least) + least:
        assert (x - nearest) @ (corner - nearest) <= 1e-6 * (1 + np.abs(x).max())
