"""Policies to and from OpenSpiel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from games.sequence_form import SequenceForm
from solvers.profile import Profile, realization_plans

if TYPE_CHECKING:
    from open_spiel.python.policy import TabularPolicy


def _load(form: SequenceForm) -> Any:
    import pyspiel

    game = pyspiel.load_game(form.name)
    if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        game = pyspiel.convert_to_turn_based(game)
    return game


def to_openspiel(form: SequenceForm, profile: Profile, game: Any = None) -> TabularPolicy:
    """Return a profile as OpenSpiel's ``TabularPolicy``.

    Parameters
    ----------
    form
        The compiled game.
    profile
        One behaviour policy a player.
    game
        The ``pyspiel.Game`` to build the policy for; by default the form's game string is loaded, converted
        to turns if it is simultaneous.
    """
    from open_spiel.python.policy import TabularPolicy

    realization_plans(form, profile)  # raises where the profile is not one of this game
    tabular = TabularPolicy(_load(form) if game is None else game)
    for treeplex, policy in zip(form.treeplexes, profile, strict=True):
        for i, label in enumerate(treeplex.labels):
            row = tabular.action_probability_array[tabular.state_lookup[label]]
            own = slice(treeplex.start[i], treeplex.start[i + 1])
            row[:] = 0.0
            row[treeplex.actions[own]] = policy[own]
    return tabular


def from_openspiel(form: SequenceForm, policy: Any) -> Profile:
    """Return any OpenSpiel policy as a profile of a compiled game.

    Parameters
    ----------
    form
        The compiled game.
    policy
        A ``pyspiel.Policy`` or a ``open_spiel.python.policy.Policy`` that covers every information state.
    """
    import pyspiel

    tables: list[dict[str, dict[int, float]]]
    if isinstance(policy, pyspiel.Policy):
        tables = [
            {label: dict(policy.get_state_policy_as_map(label)) for label in treeplex.labels}
            for treeplex in form.treeplexes
        ]
    else:
        from open_spiel.python.policy import TabularPolicy, tabular_policy_from_callable

        tabular = (
            policy
            if isinstance(policy, TabularPolicy)
            else tabular_policy_from_callable(policy.game, policy.action_probabilities)
        )
        tables = [
            {
                label: dict(enumerate(tabular.action_probability_array[tabular.state_lookup[label]]))
                for label in treeplex.labels
            }
            for treeplex in form.treeplexes
        ]
    profile = []
    for treeplex, table in zip(form.treeplexes, tables, strict=True):
        flat = np.empty(treeplex.sequences)
        for i, label in enumerate(treeplex.labels):
            for a in range(treeplex.start[i], treeplex.start[i + 1]):
                flat[a] = table[label].get(int(treeplex.actions[a]), 0.0)
        profile.append(flat)
    realization_plans(form, profile)
    return tuple(profile)
