"""Correlated equilibria against OpenSpiel, known games, and best responses to recommendations."""

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, nnls

from nashforge import games
from nashforge.solvers.equilibria import solve_concept
from nashforge.solvers.equilibria.correlated import one_shot
from nashforge.solvers.equilibria.correlated.device import correlation_device
from nashforge.solvers.equilibria.correlated.distances import correlated_gains
from nashforge.solvers.equilibria.correlated.one_shot import (
    OBJECTIVES,
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


@pytest.mark.parametrize("kind", ["ce", "cce"])
def test_largest_entropy_is_that_of_another_solver(kind):
    def entropy(flat):
        return float(np.sum(flat * np.log(np.maximum(flat, 1e-300))))

    def slack(flat):  # by brute force: what is lost by playing b, when told a, or whatever is told
        rows = []
        for payoffs, x in zip(CHICKEN, (flat.reshape(2, 2), flat.reshape(2, 2)), strict=True):
            own, shares = (payoffs, x) if payoffs is CHICKEN[0] else (payoffs.T, x.T)
            lost = [[shares[a] @ (own[a] - own[b]) for b in range(2)] for a in range(2)]
            rows += [lost[0][1], lost[1][0]] if kind == "ce" else list(np.sum(lost, axis=0))
        return np.array(rows)

    other = minimize(
        entropy,
        np.full(4, 0.25),
        method="SLSQP",
        bounds=[(0, 1)] * 4,
        constraints=[{"type": "eq", "fun": lambda x: x.sum() - 1}, {"type": "ineq", "fun": slack}],
        options={"ftol": 1e-14},
    )
    found = correlated_equilibrium(CHICKEN, kind, "entropy")
    assert found.joint.ravel() == pytest.approx(other.x, abs=1e-5)


@pytest.mark.parametrize("kind", ["ce", "cce"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 5), (2, 3, 3)])
def test_largest_impurity_is_the_least_distance(kind, shape):
    """Least distance programming by non-negative least squares: Lawson & Hanson (1974), chapter 23."""
    rng = np.random.default_rng(len(shape) + shape[0])
    tensors = [rng.normal(size=shape) for _ in shape]
    rows, size = constraint_rows(tensors, kind), tensors[0].size
    # The distribution nearest to zero with rows x <= 0, x >= 0 and a sum of at least one.
    system = np.vstack([-rows, np.eye(size), np.ones((1, size))])
    extended = np.vstack([system.T, np.append(np.zeros(len(rows) + size), 1.0)])
    wanted = np.append(np.zeros(size), 1.0)
    residual = extended @ nnls(extended, wanted)[0] - wanted
    found = correlated_equilibrium(tensors, kind, "gini")
    assert found.converged
    assert found.joint.ravel() == pytest.approx(-residual[:-1] / residual[-1], abs=1e-7)


def constraint_rows(tensors, kind):
    """What is gained by b when told a, or whatever is told, by profile: from the definition."""
    rows = []
    for i, payoffs in enumerate(tensors):
        for b in range(payoffs.shape[i]):
            gain = np.take(payoffs, [b], axis=i) - payoffs
            shape = [-1 if axis == i else 1 for axis in range(payoffs.ndim)]
            masks = [
                (np.arange(payoffs.shape[i]) == a).reshape(shape) for a in range(payoffs.shape[i]) if a != b
            ]
            rows += [(gain * mask).ravel() for mask in masks] if kind == "ce" else [gain.ravel()]
    return np.array(rows)


@pytest.mark.parametrize("kind", ["ce", "cce"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    ("units", "shifts"), [((1, 1), (1e8, 1e8)), ((1e8, 1), (0, 0)), ((1, 1e-6), (-1e6, 7))]
)
def test_equilibria_are_those_of_the_same_game_in_other_units(kind, objective, units, shifts):
    tensors = [unit * (each + shift) for each, unit, shift in zip(CHICKEN, units, shifts, strict=True)]
    found = correlated_equilibrium(tensors, kind, objective)
    assert found.converged
    assert (deviation_gains(CHICKEN, found.joint, kind) < 1e-6).all()
    if objective in ("entropy", "gini"):  # which ask for no units
        assert found.joint == pytest.approx(correlated_equilibrium(CHICKEN, kind, objective).joint, abs=1e-6)
    elif units == (1, 1):
        total = 10.5 if kind == "ce" else correlated_equilibrium(CHICKEN, kind, objective).values.sum()
        assert found.values.sum() - sum(shifts) == pytest.approx(total)


@pytest.mark.parametrize("kind", ["ce", "cce"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("size", [1e4, 1e8, 1e12])
def test_what_the_other_gives_whatever_a_player_does_changes_no_equilibrium(kind, objective, size):
    """Who yields gives the other much in the first game, who dares takes much in the second."""
    for gift in (np.array([size, 0.0]), np.array([0.0, size])):
        tensors = [CHICKEN[0] + gift, CHICKEN[1] + gift[:, None]]
        found = correlated_equilibrium(tensors, kind, objective)
        assert found.converged
        assert (deviation_gains(CHICKEN, found.joint, kind) < 1e-5).all()
        assert found.gains == pytest.approx(deviation_gains(CHICKEN, found.joint, kind), abs=1e-3)
        if objective in ("entropy", "gini"):  # which ask for no values
            plain = correlated_equilibrium(CHICKEN, kind, objective)
            assert found.joint == pytest.approx(plain.joint, abs=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_who_has_one_action_plays_it(objective):
    for kind in ("ce", "cce"):
        found = correlated_equilibrium([np.array([[2.0]]), np.array([[-1.0]])], kind, objective)
        assert found.joint.tolist() == [[1.0]]
        assert found.values.tolist() == [2.0, -1.0]
        assert found.converged


def test_the_method_is_that_of_the_objective():
    methods = {
        objective: solve_concept("matrix_pd", "ce", objective=objective).method for objective in OBJECTIVES
    }
    assert methods == {
        "welfare": "linear program",
        "fairness": "linear program",
        "entropy": "convex dual",
        "gini": "convex dual",
    }


def test_the_fairest_is_so_also_where_one_player_gets_more_anyway():
    shifted = [CHICKEN[0] + 1e7, CHICKEN[1]]
    # As player 1 has less whatever happens, that is its best: it dares, and player 0 yields.
    assert correlated_equilibrium(shifted, "ce", "fairness").values[1] == pytest.approx(7.0)


def test_players_who_do_not_move_everywhere_have_a_strategic_form(tmp_path):
    path = tmp_path / "entry.efg"
    path.write_text(
        'EFG 2 R "entry" { "a" "b" "c" }\n'
        'p "" 1 1 "" { "in" "out" } 0\n'
        'p "" 2 1 "" { "fight" "share" } 0\n'
        't "" 1 "" { -1 -1 0 }\nt "" 2 "" { 1 1 0 }\n'
        'p "" 3 1 "" { "idle" "busy" } 0\n'
        't "" 3 "" { 0 2 0 }\nt "" 4 "" { 0 2 5 }\n'
    )
    first, second, third = payoff_tensors(path)
    assert first.tolist() == [[[-1, -1], [1, 1]], [[0, 0], [0, 0]]]
    assert second.tolist() == [[[-1, -1], [1, 1]], [[2, 2], [2, 2]]]
    assert third.tolist() == [[[0, 0], [0, 0]], [[0, 5], [0, 5]]]
    found = correlated_equilibrium(path)
    # Out and busy, whatever threatens: 2 + 5, more than the 2 of those who share.
    assert found.values == pytest.approx([0, 2, 5])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), players=st.integers(2, 3), unit=st.sampled_from([1e-6, 1.0, 1e6]))
def test_equilibria_of_random_games_are_certified_in_any_unit(seed, players, unit):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 4, size=players))
    tensors = [unit * rng.normal(size=shape) for _ in range(players)]
    welfare = {}
    for kind in ("ce", "cce"):
        for objective in OBJECTIVES:
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


def test_the_way_to_the_largest_entropy_ends_and_says_where(monkeypatch):
    rng = np.random.default_rng(1)
    tensors = [rng.normal(size=(6, 6)) for _ in range(2)]
    terms = 2 * 6 * 5 * 6
    found = {}
    for steps in (3, 2000):
        monkeypatch.setattr(one_shot, "MOST_WORK", steps * terms)
        found[steps] = correlated_equilibrium(tensors, "ce", "entropy")
        assert found[steps].gains == pytest.approx(deviation_gains(tensors, found[steps].joint, "ce"))
    assert (found[3].converged, found[2000].converged) == (False, True)


def test_gains_of_one_shot_games_are_those_of_their_payoffs():
    form = games.compile("normal_matrix(players=3,actions=3,seed=1)")
    profiles, weights = random_device(form, 4, 3)
    found = correlated_gains(correlation_device(form, profiles, weights))
    joint = sum(w * np.einsum("a,b,c->abc", *profile) for w, profile in zip(weights, profiles, strict=True))
    tensors = payoff_tensors(form)
    assert found.cce == pytest.approx(deviation_gains(tensors, joint, "cce"), abs=1e-9)
    assert found.efce == pytest.approx(deviation_gains(tensors, joint, "ce"), abs=1e-9)
