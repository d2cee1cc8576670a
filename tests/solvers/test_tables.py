"""Regrets and best responses against what they mean: what another choice would have been worth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge import games
from nashforge.solvers.sequence_form.profile import best_response_values, expected_values, realization_plans
from nashforge.solvers.sequence_form.tables import tables


def drawn(form, seed):
    """Draw a profile in which every action has positive probability."""
    rng = np.random.default_rng(seed)
    return [
        np.concatenate([rng.dirichlet(np.ones(size)) for size in np.diff(treeplex.start)])
        for treeplex in form.treeplexes
    ]


@pytest.mark.parametrize("name", ["kuhn_poker", "kuhn_poker(players=3)"])
def test_a_regret_is_what_an_action_would_have_gained_where_it_is_reached(name):
    """Changing one information set changes the expected value by the own reach of it times the regret."""
    form = games.compile(name)
    profile, shared = drawn(form, 3), tables(form)
    plans, values = realization_plans(form, profile), expected_values(form, profile)
    for player, treeplex in enumerate(form.treeplexes):
        regret, plan = np.empty(treeplex.sequences), plans[shared.segments[player]]
        update = shared.update(player, plans, profile[player], regret, *np.empty((2, treeplex.sequences)))
        assert update.regrets() == pytest.approx(values[player])
        for infoset, (first, end) in enumerate(itertools.pairwise(treeplex.start)):
            for action in range(first, end):
                changed = list(profile)
                changed[player] = profile[player].copy()
                changed[player][first:end] = 0.0
                changed[player][action] = 1.0
                gained = expected_values(form, changed)[player] - values[player]
                reach = plan[treeplex.parent[infoset]]
                assert regret[action] * reach == pytest.approx(gained, abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_no_policy_beats_a_best_response(seed):
    form = games.compile("kuhn_poker")
    profile, other = drawn(form, seed), drawn(form, seed + 1)
    best = best_response_values(form, profile)
    for player in range(form.players):
        tried = list(profile)
        tried[player] = other[player]
        assert expected_values(form, tried)[player] <= best[player] + 1e-12
