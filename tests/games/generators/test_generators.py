"""Generated games: what their strings say, what other programs make of them, and that they never change."""

from __future__ import annotations

import hashlib
from math import comb

import numpy as np
import pyspiel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.generators.draws import Draws
from nashforge.games.generators.library import GENERATORS
from nashforge.games.writing import write_game_file
from nashforge.solvers.solving import solve

TREES = (
    "random_tree(depth=6,actions=3,chance=2,observed=0.4,seed=2,ends=0.2,fewest=2)",
    "random_tree(players=3,depth=6,actions=2,values=integer,payoffs=path,seed=7)",
    "random_tree(depth=5,actions=3,payoffs=sparse,zero_sum=False,observed=0,chance=1,seed=9)",
    "pursuit(rows=2,steps=2,seed=3)",
    "inspection_game(periods=4,violations=2,most=4,seed=1)",
)


def digest(form):
    parts = [form.leaf_sequences, form.leaf_payoffs, form.leaf_chance]
    parts += [array for tree in form.treeplexes for array in (tree.start, tree.parent, tree.actions)]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:12]


@pytest.mark.parametrize("game", TREES)
def test_openspiel_plays_a_written_tree_alike(game, tmp_path):
    form, file = games.compile(game, cache=False), tmp_path / "tree.efg"
    write_game_file(form, game, file)
    theirs = pyspiel.load_game(f"efg_game(filename={file})")
    solver = pyspiel.CFRSolver(theirs)
    for _ in range(20):
        solver.evaluate_and_update_policy()
    expected = pyspiel.nash_conv(theirs, solver.average_policy()) / form.players
    assert solve(form, "cfr", 20).gap == pytest.approx(expected, rel=1e-9)
    # Reading refuses imperfect recall, which the walk over histories finds.
    back = games.compile(file, cache=False)
    assert (back.nodes, back.infosets, back.leaves) == (form.nodes, form.infosets, form.leaves)
    assert back.zero_sum == form.zero_sum


def test_gambit_finds_the_value_of_a_written_tree(tmp_path):
    gambit = pytest.importorskip("pygambit")
    game = "random_tree(depth=4,actions=2,chance=1,observed=0.3,values=integer,seed=4)"
    file = tmp_path / "tree.efg"
    form = games.compile(game, cache=False)
    write_game_file(form, game, file)
    theirs = gambit.read_efg(str(file))
    (equilibrium,) = gambit.nash.lp_solve(theirs, rational=False).equilibria
    value = float(equilibrium.payoff(next(iter(theirs.players))))
    found = solve(form, "pdcfr_plus", 2000)
    assert found.gap < 1e-3
    plan = [_plan(tree, policy) for tree, policy in zip(form.treeplexes, found.policy, strict=True)]
    reach = plan[0][form.leaf_sequences[0]] * plan[1][form.leaf_sequences[1]]
    assert (reach * form.leaf_payoffs[0]).sum() == pytest.approx(value, abs=5e-3)


def _plan(tree, policy):
    plan = np.append(policy, 1.0)
    for infoset in range(tree.infosets):
        plan[tree.start[infoset] : tree.start[infoset + 1]] *= plan[tree.parent[infoset]]
    return plan


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        (TREES[0], "e45b6719af71"),
        (TREES[1], "501e2c42866f"),
        ("normal_matrix(actions=7,seed=3)", "faf6c81c2a03"),
        ("low_rank_matrix(actions=7,seed=3)", "a66a2e390b84"),
        ("game_of_skill(actions=7,cycles=2,seed=3)", "c07d6fc6492b"),
        ("sparse_matrix(actions=7,density=0.5,seed=3)", "7c63391e9ded"),
        ("weighted_blotto(soldiers=3,seed=3)", "958fc74fc050"),
        ("security_game(targets=5,guards=2,seed=3)", "c25f58d1ac23"),
    ],
)
def test_a_string_means_the_same_game_for_ever(game, expected):
    """Raise the version of a generator where this fails for a reason, and write the new digest here."""
    assert digest(games.compile(game, cache=False)) == expected


def test_draws_are_those_of_pcg64():
    bits = np.random.PCG64(np.random.SeedSequence([5, 0]))
    first = [float(word >> 11) * 2.0**-53 for word in bits.random_raw(3).tolist()]
    assert Draws("", 5).uniform(3).tolist() == first
    drawn = Draws("x", 1).bell(20000)
    assert abs(drawn.mean()) < 0.03
    assert abs(drawn.std() - 1) < 0.03
    whole = Draws("x", 1).integers(-2, 2, 5000)
    assert set(whole.tolist()) == {-2, -1, 0, 1, 2}
    assert not np.array_equal(Draws("x", 1).uniform(4), Draws("y", 1).uniform(4))


@given(
    st.integers(2, 3),
    st.integers(3, 6),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from(["leaves", "path", "sparse"]),
    st.integers(0, 1000),
)
def test_trees_compile_from_levels_as_by_a_walk(players, depth, actions, observed, ends, payoffs, seed):
    from nashforge.games.compilation.traversal import traverse
    from nashforge.games.loading.source import load

    game = (
        f"random_tree(players={players},depth={depth},actions={actions},observed={observed},ends={ends},"
        f"payoffs={payoffs},chance={depth - players},fewest=1,seed={seed})"
    )
    form = games.compile(game, cache=False)
    loaded = load(game).game

    class Walked:
        num_players = loaded.num_players

        def new_initial_state(self):
            return _Walk(loaded.new_initial_state())

    seen = traverse(Walked(), game, "random_tree", 10**6, "refuse", None)
    assert seen.nodes == form.nodes
    assert form.leaf_chance.sum() == pytest.approx(sum(seen.chance))
    for records, tree in zip(seen.infosets, form.treeplexes, strict=True):
        assert sorted(records.index) == sorted(tree.labels)
        assert len(records.actions) == tree.sequences
    weighted = np.array(seen.returns).reshape(-1, players).T * np.array(seen.chance)
    np.testing.assert_allclose(weighted.sum(axis=1), form.leaf_payoffs.sum(axis=1), atol=1e-9)
    assert form.zero_sum


class _Walk:
    """What a walk asks of a state beyond what writing does."""

    def __init__(self, state):
        self._state = state

    def __getattr__(self, name):
        return getattr(self._state, name)

    def child(self, action):
        return _Walk(self._state.child(action))

    def apply_action(self, action):
        self._state = self._state.child(action)

    def chance_outcomes(self):
        return [(k, float(p)) for k, p in enumerate(self._state.exact_chances())]

    def returns(self):
        return list(self._state.exact_returns())


def test_perfect_information_and_none():
    all_seen = games.compile("random_tree(depth=4,actions=2,observed=1)", cache=False)
    assert [tree.infosets for tree in all_seen.treeplexes] == [1 + 4, 2 + 8]
    none_seen = games.compile("random_tree(depth=4,actions=2,observed=0)", cache=False)
    assert [tree.infosets for tree in none_seen.treeplexes] == [1 + 2, 1 + 2]
    assert none_seen.nodes == all_seen.nodes == 31


def test_matrices_are_what_their_names_say():
    def table(game):
        form = games.compile(game, cache=False)
        return form.leaf_payoffs[0].reshape(form.treeplexes[0].sequences, -1)

    assert np.linalg.matrix_rank(table("low_rank_matrix(actions=20,rank=4)")) == 4
    skill = table("game_of_skill(actions=20,cycles=1,skill=0)")
    np.testing.assert_array_equal(skill, -skill.T)
    assert np.linalg.matrix_rank(skill) == 2
    assert np.count_nonzero(table("sparse_matrix(actions=100,density=0.2)")) == pytest.approx(2000, rel=0.1)
    blotto = table("weighted_blotto(soldiers=2,fields=2,most=1)")
    assert blotto.tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    uneven = table("weighted_blotto(soldiers=2,enemies=1,fields=2,most=1)")
    assert uneven.tolist() == [[1, 0], [1, 1], [0, 1]]
    guarded = table("security_game(targets=3,guards=1)")
    assert guarded.shape == (3, 3)
    assert (np.diag(guarded) >= 0).all()
    assert all(len(set(guarded[~np.eye(3, dtype=bool)[:, t], t])) == 1 for t in range(3))
    three = games.compile("normal_matrix(players=3,actions=4)", cache=False)
    assert three.zero_sum
    assert three.leaves == 64
    assert games.compile("normal_matrix(actions=4,zero_sum=False)", cache=False).constant_sum is None


@pytest.mark.parametrize(("periods", "inspections"), [(2, 1), (4, 1), (5, 2), (6, 3)])
def test_inspection_games_have_the_value_that_dresher_found(periods, inspections):
    form = games.compile(f"inspection_game(periods={periods},inspections={inspections})", cache=False)
    found = solve(form, "pdcfr_plus", 1000)
    assert found.gap < 1e-4
    plans = [_plan(tree, policy) for tree, policy in zip(form.treeplexes, found.policy, strict=True)]
    reach = plans[0][form.leaf_sequences[0]] * plans[1][form.leaf_sequences[1]]
    expected = -comb(periods - 1, inspections) / sum(comb(periods, i) for i in range(inspections + 1))
    assert (reach * form.leaf_payoffs[0]).sum() == pytest.approx(expected, abs=1e-3)


def test_in_a_single_row_the_evader_is_always_caught():
    form = games.compile("pursuit(rows=1,columns=3,steps=2,penalty=2,traces=False)", cache=False)
    found = solve(form, "cfr_plus", 500)
    plans = [_plan(tree, policy) for tree, policy in zip(form.treeplexes, found.policy, strict=True)]
    reach = plans[0][form.leaf_sequences[0]] * plans[1][form.leaf_sequences[1]]
    assert (reach * form.leaf_payoffs[0]).sum() == pytest.approx(2.0, abs=1e-2)


def test_traces_are_seen_by_the_patroller_alone():
    without, seen = (games.compile(f"pursuit(traces={t})", cache=False) for t in (False, True))
    assert without.nodes == seen.nodes
    assert without.treeplexes[1].infosets == seen.treeplexes[1].infosets
    assert without.treeplexes[0].infosets < seen.treeplexes[0].infosets


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("random_tre(depth=3)", "did you mean random_tree"),
        ("random_tree(depht=3)", "no parameter 'depht'; did you mean depth"),
        ("random_tree(depth=x)", "write a whole number, such as depth=6"),
        ("random_tree(depth=99)", "depth=99 of random_tree must be between 1 and 40"),
        ("random_tree(payoffs=leafs)", "did you mean leaves"),
        ("random_tree(chance=5)", "chance=5 of random_tree must be between 0 and 4 here"),
        ("random_tree(fewest=3)", "fewest=3 of random_tree must be between 1 and 2 here"),
        ("random_tree(seed=-1)", "seed=-1"),
        ("random_tree(zero_sum=maybe)", "True or False"),
        ("random_tree(observed=nan)", "observed=nan"),
        ("security_game(targets=4,guards=4)", "must be less than targets=4"),
        ("weighted_blotto(soldiers=90,fields=5)", "more than 5,000"),
        ("inspection_game(inspections=6)", "must be less than periods=6"),
        ("random_tree(depth=30,actions=4)", "more than 5,000,000 histories"),
        ("normal_matrix(players=6,actions=100)", "more than 5,000,000 histories"),
    ],
)
def test_what_is_wrong_with_a_string_is_explained(game, message):
    with pytest.raises(games.GameError, match=message):
        games.compile(game, cache=False)


def test_equal_games_have_one_identity_and_others_have_others():
    same = games.identity("random_tree(seed=3, depth=6)")
    assert same == games.identity("random_tree(depth=6,seed=3)") == games.identity("random_tree(seed=3)")
    assert same != games.identity("random_tree(seed=4)")
    assert '"generator":1' in same.text
    assert games.portable("random_tree(seed=3)") == "random_tree(seed=3)"


def test_generated_games_are_cached_as_others_are():
    first = games.compile("random_tree(seed=3)")
    assert games.compile("random_tree(seed=3)") is first
    from nashforge.games.compilation.sizes import known_size

    size = known_size("random_tree(depth=6,seed=3)")
    assert size is not None
    assert size.nodes == first.nodes
    assert games.disguise(first, 1).form.nodes == first.nodes


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_generators_describe_themselves(name):
    generator = GENERATORS[name]
    assert generator.name == name
    assert generator.title.endswith(".")
    assert name not in pyspiel.registered_names()
    assert games.compile(f"{name}()", cache=False).players >= 2
    for key, parameter in generator.parameters.items():
        assert parameter.meaning, key
        assert generator.checked({key: parameter.default})[key] == parameter.default
