"""Disguises keep what a game is worth and hide which game it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nashforge import games

GAMES = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "goofspiel(num_cards=3,players=3,imp_info=True,points_order=descending)",
    "liars_dice(dice_sides=2)",
    "matrix_pd",
    "leduc_poker",
]

seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.0, 0.1, 1.0, 3.0])
property_test = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@property_test
@given(game=st.sampled_from(GAMES), seed=seeds, share=st.sampled_from([0.01, 0.5, 1.0]))
def test_twins_of_actions_change_nothing_that_can_be_won(
    game, seed, share, expected_values, exploitability, random_profile
):
    form = games.compile(game)
    disguise = games.disguise(form, seed, dummies=0.0, perturbation=0.0, duplicates=share)
    for before, after in zip(form.treeplexes, disguise.form.treeplexes, strict=True):
        assert after.infosets == before.infosets
        assert 1 <= after.sequences - before.sequences <= max(1, round(share * before.infosets) + 1)
    profile = random_profile(form, np.random.default_rng(seed))
    # Twins are not played, and whatever they could win, what they are twins of could, too.
    padded = [np.zeros(treeplex.sequences) for treeplex in disguise.form.treeplexes]
    for policy, to, own in zip(padded, disguise.sequences, profile, strict=True):
        policy[to] = own
    np.testing.assert_allclose(
        expected_values(form, profile), expected_values(disguise.form, tuple(padded)), rtol=0, atol=1e-12
    )
    assert exploitability(form, profile) == pytest.approx(
        exploitability(disguise.form, tuple(padded)), abs=1e-12
    )


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("share", [0.5, -3.0])
def test_a_shift_changes_no_best_response(game, share, expected_values, exploitability, random_profile):
    form = games.compile(game)
    moved = form.shifted(share)
    profile = random_profile(form, np.random.default_rng(3))
    assert exploitability(moved, profile) == pytest.approx(exploitability(form, profile), abs=1e-11)
    gained = np.subtract(expected_values(moved, profile), expected_values(form, profile))
    assert gained[0] == pytest.approx(share * form.payoff_range)
    assert gained.sum() == pytest.approx(0.0, abs=1e-11)
    assert moved.zero_sum == form.zero_sum
    assert form.shifted(0.0) is form
    with pytest.raises(ValueError, match="finite number"):
        form.shifted(float("nan"))


@property_test
@given(game=st.sampled_from(GAMES), seed=seeds, dummies=shares, permute=st.booleans())
def test_policies_are_worth_the_same_in_a_disguise(
    game, seed, dummies, permute, expected_values, exploitability, random_profile
):
    form = games.compile(game)
    disguise = games.disguise(form, seed, permute=permute, dummies=dummies, perturbation=0.0)
    profile = random_profile(disguise.form, np.random.default_rng(seed))
    mapped = tuple(policy[to] for policy, to in zip(profile, disguise.sequences, strict=True))
    np.testing.assert_allclose(
        expected_values(form, mapped), expected_values(disguise.form, profile), rtol=0, atol=1e-12
    )
    assert exploitability(form, mapped) == pytest.approx(exploitability(disguise.form, profile), abs=1e-12)


@property_test
@given(game=st.sampled_from(GAMES), seed=seeds, dummies=shares, permute=st.booleans())
def test_a_disguise_is_the_same_tree_with_dummies(game, seed, dummies, permute):
    form = games.compile(game)
    disguise = games.disguise(form, seed, permute=permute, dummies=dummies)
    for player, (old, new) in enumerate(zip(form.treeplexes, disguise.form.treeplexes, strict=True)):
        infosets, sequences = disguise.infosets[player], disguise.sequences[player]
        assert new.infosets == old.infosets + np.ceil(dummies * old.infosets)
        assert len(set(infosets.tolist())) == old.infosets
        assert len(set(sequences.tolist())) == old.sequences
        owner = np.repeat(np.arange(new.infosets), np.diff(new.start))
        above = np.append(sequences, new.sequences)[old.parent]
        np.testing.assert_array_equal(new.parent[infosets], above)
        np.testing.assert_array_equal(owner[sequences], np.repeat(infosets, np.diff(old.start)))
        sizes = np.diff(new.start)
        np.testing.assert_array_equal(sizes[infosets], np.diff(old.start))
        decoys = np.setdiff1d(np.arange(new.infosets), infosets)
        assert ((sizes[decoys] >= 2) & (sizes[decoys] <= 4)).all()
        # No payoff hangs from a dummy: leaves only mention images of original sequences.
        reached = set(disguise.form.leaf_sequences[player].tolist())
        assert reached <= {*sequences.tolist(), new.sequences}
    assert disguise.form.leaves == form.leaves
    assert disguise.form.nodes == form.nodes


@property_test
@given(game=st.sampled_from(GAMES), seed=seeds, perturbation=st.sampled_from([0.01, 0.3, 0.99]))
def test_perturbations_scale_each_leaf_for_all_players_alike(game, seed, perturbation):
    form = games.compile(game)
    disguised = games.disguise(form, seed, permute=False, dummies=0.0, perturbation=perturbation).form
    np.testing.assert_array_equal(disguised.leaf_sequences, form.leaf_sequences)
    np.testing.assert_array_equal(disguised.leaf_chance, form.leaf_chance)
    assert not np.array_equal(disguised.leaf_payoffs, form.leaf_payoffs)
    low, high = (1 - perturbation) * form.leaf_payoffs, (1 + perturbation) * form.leaf_payoffs
    assert (disguised.leaf_payoffs >= np.minimum(low, high) - 1e-12).all()
    assert (disguised.leaf_payoffs <= np.maximum(low, high) + 1e-12).all()
    assert disguised.zero_sum == form.zero_sum
    if form.zero_sum:
        assert np.abs(disguised.leaf_payoffs.sum(axis=0)).max() < 1e-12


def test_the_seed_decides_and_the_original_is_untouched(assert_same_form):
    form = games.compile("leduc_poker")
    before = form.leaf_payoffs.copy()
    one, again = games.disguise(form, 5), games.disguise(form, np.random.default_rng(5))
    assert_same_form(one.form, again.form)
    other = games.disguise(form, 6).form
    assert not np.array_equal(one.form.leaf_payoffs, other.leaf_payoffs)
    np.testing.assert_array_equal(form.leaf_payoffs, before)


def test_nothing_but_the_name_reveals_the_original():
    form = games.compile("leduc_poker")
    disguise = games.disguise(form, 1)
    originals = {label for treeplex in form.treeplexes for label in treeplex.labels}
    for treeplex in disguise.form.treeplexes:
        assert not originals & set(treeplex.labels)
        assert len(set(treeplex.labels)) == treeplex.infosets
        for infoset in range(treeplex.infosets):
            own = treeplex.actions[treeplex.start[infoset] : treeplex.start[infoset + 1]]
            assert own.tolist() == list(range(len(own)))
    assert disguise.form.name == "disguised(leduc_poker)"
    assert games.disguise(form, 1, name="validation 1").form.name == "validation 1"


def test_permutations_move_information_sets_and_actions():
    form = games.compile("leduc_poker")
    disguise = games.disguise(form, 3, dummies=0.0)
    for player, treeplex in enumerate(form.treeplexes):
        moved = disguise.infosets[player] != np.arange(treeplex.infosets)
        assert moved.mean() > 0.9
        first = disguise.sequences[player][treeplex.start[:-1]]
        kept = first == disguise.form.treeplexes[player].start[disguise.infosets[player]]
        assert 0.2 < kept.mean() < 0.7  # two or three actions: the first stays first this often


def test_without_permutation_the_order_stays():
    form = games.compile("kuhn_poker(players=3)")
    disguise = games.disguise(form, 3, permute=False, dummies=0.5, perturbation=0.0)
    for player, treeplex in enumerate(form.treeplexes):
        assert disguise.infosets[player].tolist() == list(range(treeplex.infosets))
        assert disguise.sequences[player].tolist() == list(range(treeplex.sequences))


def test_disguises_can_be_disguised(exploitability, uniform_profile):
    once = games.disguise(games.compile("kuhn_poker"), 1, perturbation=0.0, dummies=0.5).form
    twice = games.disguise(once, 2, perturbation=0.0, dummies=0.5).form
    assert exploitability(twice, uniform_profile(twice)) == pytest.approx(0.458333, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dummies": -0.1}, "dummies is a share"),
        ({"dummies": float("nan")}, "dummies is a share"),
        ({"perturbation": 1.0}, r"perturbation must be in \[0, 1\)"),
        ({"perturbation": -0.1}, r"perturbation must be in \[0, 1\)"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        games.disguise(games.compile("kuhn_poker"), 0, **options)
