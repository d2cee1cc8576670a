"""Correlated equilibria against OpenSpiel, known games, and best responses to recommendations."""

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.solvers.equilibria.correlated.device import correlation_device
from nashforge.solvers.equilibria.correlated.distances import correlated_gains
from nashforge.solvers.equilibria.correlated.one_shot import (
    CorrelatedError,
    correlated_equilibrium,
    deviation_gains,
    payoff_tensors,
)
from nashforge.solvers.sequence_form.profile import PolicyError, nash_conv, uniform_profile
from nashforge.solvers.stepping import CFR

CHICKEN = [np.array([[6.0, 2.0], [7.0, 0.0]]), np.array([[6.0, 7.0], [2.0, 0.0]])]
SHAPLEY = [
    np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], float),
    np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], float),
]


def random_device(form, profiles, seed, support=1.0):
    """Draw behaviour profiles; with a small ``support`` some are nearly deterministic."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(profiles):
        policies = []
        for treeplex in form.treeplexes:
            raw = rng.exponential(size=treeplex.sequences) ** (1 / support)
            sums = np.add.reduceat(raw, treeplex.start[:-1])
            policies.append(raw / np.repeat(sums, np.diff(treeplex.start)))
        drawn.append(tuple(policies))
    weights = rng.exponential(size=profiles)
    return drawn, weights / weights.sum()


class Recommended:
    """The game of one player against a device, in which every recommendation is a move of chance.

    Written over OpenSpiel's histories, and not over the sequence form: the other way to the same numbers.
    """

    def __init__(self, game, device, player, told):
        self.player, self.told = player, told
        self.members, self.values, self.best = {}, {}, {}
        self.root = []
        for weight, policies in device:
            self.root.append(self._grow(game.new_initial_state(), weight, policies, None))

    def _grow(self, state, reach, policies, left):
        """Return a node: a function that gives its value times the reach of all but the player."""
        if state.is_terminal():
            value = reach * state.returns()[self.player]
            return lambda: value
        if state.is_chance_node():
            moves = state.chance_outcomes()
            return self._sum([self._grow(state.child(a), reach * p, policies, left) for a, p in moves])
        mover = state.current_player()
        label = state.information_state_string(mover)
        moves = list(policies[mover].action_probabilities(state).items())
        if mover != self.player:
            return self._sum([self._grow(state.child(a), reach * p, policies, left) for a, p in moves])
        if left is not None:
            return self._choose(
                (left, label), {a: self._grow(state.child(a), reach, policies, left) for a, _ in moves}
            )
        if self.told:
            nodes = []
            for a, p in moves:
                here = (label, a)
                options = {b: self._grow(state.child(b), reach * p, policies, here) for b, _ in moves}
                options["follow"] = self._grow(state.child(a), reach * p, policies, None)
                nodes.append(self._choose(here, options))
            return self._sum(nodes)
        options = {b: self._grow(state.child(b), reach, policies, label) for b, _ in moves}
        options["follow"] = self._sum(
            [self._grow(state.child(a), reach * p, policies, None) for a, p in moves]
        )
        return self._choose(("", label), options)

    def _sum(self, nodes):
        return lambda: sum(node() for node in nodes)

    def _choose(self, key, options):
        self.members.setdefault(key, []).append(options)

        def value():
            if key not in self.best:
                totals = {a: sum(options[a]() for options in self.members[key]) for a in options}
                self.best[key] = max(totals, key=totals.get)
            return options[self.best[key]]()

        return value

    def value(self):
        return sum(node() for node in self.root)


def table(form, profile):
    """Return a profile as OpenSpiel's own tabular policy."""
    return pyspiel.TabularPolicy(
        {
            label: [
                (int(a), float(p)) for a, p in zip(treeplex.actions[first:end], own[first:end], strict=True)
            ]
            for treeplex, own in zip(form.treeplexes, profile, strict=True)
            for label, first, end in zip(treeplex.labels, treeplex.start, treeplex.start[1:], strict=False)
        }
    )


@pytest.mark.parametrize(
    "name", ["kuhn_poker", "kuhn_poker(players=3)", "first_sealed_auction(max_value=3)", "leduc_poker"]
)
def test_gains_of_coarse_deviations_are_openspiels(name):
    form = games.compile(name)
    profiles, weights = random_device(form, 3, 1)
    found = correlated_gains(correlation_device(form, profiles, weights))
    device = [(w, table(form, profile)) for w, profile in zip(weights, profiles, strict=True)]
    game = pyspiel.load_game(name)
    if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        game = pyspiel.convert_to_turn_based(game)
    theirs = pyspiel.cce_dist(game, device)
    assert found.cce == pytest.approx(np.array(theirs.deviation_incentives), abs=1e-9)
    assert found.values == pytest.approx(np.array(theirs.on_policy_values), abs=1e-9)


@pytest.mark.parametrize("name", ["kuhn_poker", "kuhn_poker(players=3)", "first_sealed_auction(max_value=3)"])
@pytest.mark.parametrize("seed", [0, 1])
def test_gains_at_information_sets_are_best_responses_to_recommendations(name, seed):
    form = games.compile(name)
    profiles, weights = random_device(form, 2, seed, support=0.3)
    found = correlated_gains(correlation_device(form, profiles, weights))
    game = pyspiel.load_game(name)
    if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        game = pyspiel.convert_to_turn_based(game)
    device = [
        (w, [table(form, profile)] * form.players) for w, profile in zip(weights, profiles, strict=True)
    ]
    for p in range(form.players):
        for told, gains in ((False, found.efcce), (True, found.efce)):
            best = Recommended(game, device, p, told).value()
            assert gains[p] == pytest.approx(best - found.values[p], abs=1e-9)
        assert found.cce[p] <= found.efcce[p] <= found.efce[p]


def test_a_device_of_one_profile_leaves_what_a_best_response_gains():
    form = games.compile("leduc_poker")
    found = correlated_gains(correlation_device(form, [uniform_profile(form)]))
    assert found.cce.sum() == pytest.approx(nash_conv(form, uniform_profile(form)), abs=1e-12)


def test_the_joint_average_of_cfr_approaches_a_coarse_equilibrium():
    form = games.compile("kuhn_poker(players=3)")
    profiles = list(CFR(form, "cfr", horizon=300).iterates(300))
    found = correlated_gains(correlation_device(form, profiles))
    assert found.cce.max() < 0.02
    early = correlated_gains(correlation_device(form, profiles[:10]))
    assert found.cce.sum() < early.cce.sum()


@pytest.mark.parametrize(
    ("weights", "words"), [([1.0], "shape"), ([1.0, -1.0], "non-negative"), ([0.0, 0.0], "all zero")]
)
def test_weights_that_are_none_are_refused(weights, words):
    form = games.compile("kuhn_poker")
    with pytest.raises(PolicyError, match=words):
        correlation_device(form, [uniform_profile(form)] * 2, weights)
    with pytest.raises(PolicyError, match="at least one"):
        correlation_device(form, [])


def test_best_correlated_equilibrium_of_chicken_is_the_textbooks():
    found = correlated_equilibrium(CHICKEN)
    assert found.joint == pytest.approx(np.array([[0.5, 0.25], [0.25, 0.0]]), abs=1e-9)
    assert found.values.sum() == pytest.approx(10.5)
    assert found.gains == pytest.approx(np.zeros(2), abs=1e-9)
    assert correlated_equilibrium(CHICKEN, "ce", "fairness").values.min() == pytest.approx(5.25)


def test_coarse_equilibria_are_more():
    ce, cce = (correlated_equilibrium(SHAPLEY, kind) for kind in ("ce", "cce"))
    assert ce.values.sum() == pytest.approx(1.0)  # half of the profiles, cycled through
    assert cce.values.sum() >= ce.values.sum() - 1e-9


def test_largest_entropy_is_uniform_where_that_is_an_equilibrium():
    pennies = [np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([[-1.0, 1.0], [1.0, -1.0]])]
    found = correlated_equilibrium(pennies, "ce", "entropy")
    assert found.joint == pytest.approx(np.full((2, 2), 0.25), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), players=st.integers(2, 3), unit=st.sampled_from([1e-6, 1.0, 1e6]))
def test_equilibria_of_random_games_are_certified_in_any_unit(seed, players, unit):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 4, size=players))
    tensors = [unit * rng.normal(size=shape) for _ in range(players)]
    welfare = {}
    for kind in ("ce", "cce"):
        for objective in ("welfare", "fairness", "entropy"):
            found = correlated_equilibrium(tensors, kind, objective)
            assert found.joint.min() >= 0
            assert found.joint.sum() == pytest.approx(1)
            assert found.gains.max() <= 2e-6 * unit
            assert found.gains == pytest.approx(deviation_gains(tensors, found.joint, kind))
            welfare[kind, objective] = found.values.sum(), found.values.min()
    for kind in ("ce", "cce"):
        assert welfare[kind, "welfare"][0] >= welfare[kind, "entropy"][0] - 1e-5 * unit
        assert welfare[kind, "fairness"][1] >= welfare[kind, "welfare"][1] - 1e-6 * unit
    assert welfare["cce", "welfare"][0] >= welfare["ce", "welfare"][0] - 1e-6 * unit


def test_gains_of_one_shot_games_are_those_of_their_payoffs():
    form = games.compile("normal_matrix(players=3,actions=3,seed=1)")
    profiles, weights = random_device(form, 4, 3)
    found = correlated_gains(correlation_device(form, profiles, weights))
    joint = sum(w * np.einsum("a,b,c->abc", *profile) for w, profile in zip(weights, profiles, strict=True))
    tensors = payoff_tensors(form)
    assert found.cce == pytest.approx(deviation_gains(tensors, joint, "cce"), abs=1e-9)
    assert found.efce == pytest.approx(deviation_gains(tensors, joint, "ce"), abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("leduc_poker",), "one-shot"),
        ((CHICKEN, "nash"), "no kind 'nash'"),
        ((CHICKEN, "ce", "wealth"), "no objective 'wealth'"),
        (([np.ones((2, 2)), np.ones((2, 3))],), "one shape"),
        (([np.full((2, 2), np.nan)] * 2,), "finite"),
    ],
)
def test_what_has_no_such_equilibrium_is_said(arguments, words):
    with pytest.raises(CorrelatedError, match=words):
        correlated_equilibrium(*arguments)
