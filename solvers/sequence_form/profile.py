"""Behaviour profiles and the exact measures of them: expected values, best responses, exploitability."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge import games
from nashforge.errors import NashforgeError
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.sequence_form import kernels
from nashforge.solvers.sequence_form.tables import Tables, tables

Array = npt.NDArray[np.float64]
Profile = tuple[Array, ...]
"""One behaviour policy a player, each of shape ``(sequences,)``."""
GameLike: TypeAlias = "SequenceForm | games.GameSource"
"""A compiled game, or one as `nashforge.games.compile` takes it, by which it is compiled."""


class PolicyError(NashforgeError, ValueError):
    """An argument, or a program's answer, is no policy or mixture of the game."""


class NoPlayerError(NashforgeError, ValueError):
    """A game has no such player."""


def check_player(players: int, player: object) -> None:
    """Make sure that a player is one of so many: a negative number would be taken for the last ones.

    Raises
    ------
    NoPlayerError
        If it is none.
    """
    if isinstance(player, bool) or not isinstance(player, int | np.integer) or not 0 <= player < players:
        raise NoPlayerError(f"there is no player {player!r}; choose one of 0 to {players - 1}")


def uniform_profile(game: GameLike) -> Profile:
    """Return the profile in which every player chooses uniformly everywhere."""
    treeplexes = games.compile(game).treeplexes
    return tuple(np.repeat(1.0 / np.diff(each.start), np.diff(each.start)) for each in treeplexes)


def average_profile(form: SequenceForm, cumulative: Sequence[Array]) -> Profile:
    """Normalise cumulative averages into a profile; uniform where nothing was accumulated.

    Raises
    ------
    PolicyError
        If a weight is negative or not finite.
    """
    profile = []
    for player, (treeplex, weights) in enumerate(zip(form.treeplexes, cumulative, strict=True)):
        policy = np.empty(treeplex.sequences)
        bad = kernels.average_pass(treeplex.start, weights, policy)
        if bad >= 0:
            values = weights[treeplex.start[bad] : treeplex.start[bad + 1]]
            raise PolicyError(
                f"the cumulative average must be finite and non-negative; player {player}, information set "
                f"{bad} has {values.tolist()}"
            )
        profile.append(policy)
    return tuple(profile)


def check_policy(form: SequenceForm, player: int, policy: Array, bad: int) -> None:
    """Raise a `PolicyError` that shows information set ``bad`` of ``player``, unless ``bad`` is -1."""
    if bad >= 0:
        start = form.treeplexes[player].start
        values = policy[start[bad] : start[bad + 1]]
        raise PolicyError(
            "a policy must be finite, non-negative and sum to 1 in every information set; player "
            f"{player}, information set {bad} has {values.tolist()} (sum {float(values.sum()):.9g})"
        )


def realization_plans(form: SequenceForm, profile: Sequence[npt.ArrayLike]) -> Array:
    """Return all players' realisation plans in one flat vector (see `kernels`).

    Raises
    ------
    PolicyError
        If the profile is not one valid behaviour policy a player.
    """
    shared = tables(form)
    if isinstance(profile, str) or not isinstance(profile, Sequence | np.ndarray):
        raise PolicyError(
            f"a profile is one policy for each of the {form.players} players, as `policy` of a solution is; "
            f"got {profile!r:.60}"
        )
    if len(profile) != form.players:
        raise PolicyError(
            f"a profile needs one policy for each of the {form.players} players; got {len(profile)}"
        )
    plans = np.empty(shared.length)
    for player, (given, size) in enumerate(zip(profile, shared.sizes, strict=True)):
        try:
            policy = np.ascontiguousarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise PolicyError(f"the policy of player {player} is no array of numbers ({error})") from error
        if policy.shape != (size,):
            raise PolicyError(f"the policy of player {player} must have shape {(size,)}; got {policy.shape}")
        bad = shared.set_plan(player, policy, plans, np.empty(size))
        check_policy(form, player, policy, bad)
    return plans


def expected_values(game: GameLike, profile: Sequence[npt.ArrayLike]) -> Array:
    """Return every player's expected utility under a profile, shape ``(players,)``."""
    form = games.compile(game)
    plans = realization_plans(form, profile)
    shared = tables(form)
    return np.array([shared.expected_value(player, plans) for player in range(form.players)])


def best_response_values(game: GameLike, profile: Sequence[npt.ArrayLike]) -> Array:
    """Return the value of each player's best response to the others, shape ``(players,)``."""
    form = games.compile(game)
    plans = realization_plans(form, profile)
    shared = tables(form)
    return np.array([shared.best_response(player, plans) for player in range(form.players)])


def best_response(game: GameLike, profile: Sequence[npt.ArrayLike], player: int) -> tuple[float, Array]:
    """Return the value and a deterministic policy of ``player`` that is best against the others.

    Ties go to the first action of the information set.

    Raises
    ------
    PolicyError, NoPlayerError
        If the profile is not one valid behaviour policy a player, or there is no such player.
    """
    form = games.compile(game)
    plans = realization_plans(form, profile)
    check_player(form.players, player)
    value = np.empty(tables(form).sizes[player] + 1)
    best = tables(form).best_response(player, plans, value)
    start = form.treeplexes[player].start
    policy = np.zeros(len(value) - 1)
    for first, end in itertools.pairwise(start):
        policy[first + int(np.argmax(value[first:end]))] = 1.0
    return best, policy


def plans_exploitability(shared: Tables, plans: Array) -> float:
    """Return the exploitability of realisation plans, see `exploitability`; they are not checked."""
    gains = sum(shared.gain(player, plans) for player in range(len(shared.players)))
    # Rounding can push an exact equilibrium a few units in the last place below zero.
    return max(gains / len(shared.players), 0.0)


def nash_conv(game: GameLike, profile: Sequence[npt.ArrayLike]) -> float:
    """Return the sum over players of what a best response gains, in units of utility."""
    form = games.compile(game)
    plans = realization_plans(form, profile)
    shared = tables(form)
    return sum(shared.gain(player, plans) for player in range(form.players))


def exploitability(game: GameLike, profile: Sequence[npt.ArrayLike]) -> float:
    """Return NashConv divided by the number of players, in units of utility (never negative).

    Raises
    ------
    PolicyError
        If the profile is not one valid behaviour policy a player.
    """
    form = games.compile(game)
    return plans_exploitability(tables(form), realization_plans(form, profile))
