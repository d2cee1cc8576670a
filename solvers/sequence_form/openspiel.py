"""Policies to and from OpenSpiel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nashforge import games
from nashforge.games.errors import GameError
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.sequence_form.profile import GameLike, PolicyError, Profile, realization_plans

if TYPE_CHECKING:
    from open_spiel.python.policy import TabularPolicy


def _load(form: SequenceForm) -> Any:
    from nashforge.games.loading.source import load

    if " [known: " in form.name:
        raise GameError(
            f"OpenSpiel has no information states of {form.name}, so that a policy of it is no TabularPolicy",
            "; Solution.table() has the probabilities by what players know",
        )
    loaded = load(form.name)
    if not loaded.openspiel:
        raise GameError(
            f"{form.name} is read from its file here, and OpenSpiel numbers its actions otherwise: a policy "
            "of it is no TabularPolicy",
            "; Solution.table() has the probabilities by information set",
        )
    return _in_turns(loaded.game)


def _in_turns(game: Any) -> Any:
    import pyspiel

    simultaneous = game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
    return pyspiel.convert_to_turn_based(game) if simultaneous else game


def _original(label: str) -> str:
    """Return OpenSpiel's information-state string of a label; refined games add to it."""
    return label.partition(" [own sequence ")[0]


def to_openspiel(form: GameLike, profile: Profile, game: Any = None) -> TabularPolicy:
    """Return a profile as OpenSpiel's ``TabularPolicy``.

    Parameters
    ----------
    form
        The game, compiled or as `nashforge.games.compile` takes it.
    profile
        One behaviour policy a player.
    game
        The ``pyspiel.Game`` to build the policy for; by default the form's game string is loaded, converted
        to turns if it is simultaneous.

    Raises
    ------
    PolicyError
        If the profile is not one of this game.
    nashforge.games.GameError
        If OpenSpiel has no such information state: a disguised game, or one refined for perfect recall.
    """
    from open_spiel.python.policy import TabularPolicy

    if game is None and hasattr(form, "new_initial_state"):
        game = _in_turns(form)
    form = games.compile(form)
    realization_plans(form, profile)  # raises where the profile is not one of this game
    tabular = TabularPolicy(_load(form) if game is None else game)
    for treeplex, policy in zip(form.treeplexes, profile, strict=True):
        for i, label in enumerate(treeplex.labels):
            if label not in tabular.state_lookup:
                raise GameError(
                    f"OpenSpiel has no information state {label!r}: a policy of a disguised or refined game, "
                    "or of one from a file, cannot be written as its TabularPolicy"
                )
            row = tabular.action_probability_array[tabular.state_lookup[label]]
            own = slice(treeplex.start[i], treeplex.start[i + 1])
            row[:] = 0.0
            row[treeplex.actions[own]] = policy[own]
    return tabular


def from_openspiel(form: GameLike, policy: Any) -> Profile:
    """Return an OpenSpiel policy as a profile of a game.

    Parameters
    ----------
    form
        The game, compiled or as `nashforge.games.compile` takes it.
    policy
        A ``pyspiel.Policy``, or a Python policy that is a ``TabularPolicy`` or can be made one.

    Raises
    ------
    PolicyError
        If the policy does not cover every information state.
    """
    import pyspiel
    from open_spiel.python.policy import TabularPolicy, tabular_policy_from_callable

    form = games.compile(form)
    if not hasattr(policy, "action_probabilities"):
        raise PolicyError(f"{policy!r:.60} is no policy of OpenSpiel; policies as arrays need no conversion")
    if isinstance(policy, pyspiel.Policy):

        def probabilities(label: str) -> dict[int, float]:
            return dict(policy.action_probabilities(label))

    else:
        tabular = (
            policy
            if isinstance(policy, TabularPolicy)
            else tabular_policy_from_callable(policy.game, policy.action_probabilities)
        )

        def probabilities(label: str) -> dict[int, float]:
            return dict(enumerate(tabular.action_probability_array[tabular.state_lookup[label]]))

    profile = []
    for treeplex in form.treeplexes:
        flat = np.empty(treeplex.sequences)
        for i, label in enumerate(treeplex.labels):
            try:
                row = probabilities(_original(label))
            except KeyError as error:
                raise PolicyError(
                    f"the policy does not cover the information state {label!r}; is it of another game than "
                    f"{form.name}?"
                ) from error
            for a in range(treeplex.start[i], treeplex.start[i + 1]):
                flat[a] = row.get(int(treeplex.actions[a]), 0.0)
        profile.append(flat)
    realization_plans(form, profile)
    return tuple(profile)


def read_profile(form: SequenceForm, policies: Any) -> Profile:
    """Return a profile of a game as people give it: one array a player, or a policy of OpenSpiel.

    Raises
    ------
    PolicyError
        If it is not one valid behaviour policy a player.
    """
    if hasattr(policies, "action_probabilities"):
        return from_openspiel(form, policies)
    if not isinstance(policies, Sequence):
        raise PolicyError(
            f"policies are one array for each of the {form.players} players, or a policy of OpenSpiel; got a "
            f"{type(policies).__name__}"
        )
    realization_plans(form, policies)
    return tuple(np.array(policy, dtype=np.float64) for policy in policies)
