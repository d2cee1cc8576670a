"""The interface of evolvable meta-solvers: the payoffs of the restricted game, and helpers that act on rows.

Strategies are arrays of shape ``(players, policies)``, one mixture over the population in each row. All
helpers return a new array; they take one row or several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.errors import NashforgeError
from nashforge.solvers.psro import kernels

Array: TypeAlias = npt.NDArray[np.float64]


class UnsuitableGameError(NashforgeError, ValueError):
    """A meta-solver cannot play such games; it says which it can."""

    exit_code = 2


class RestrictedGame:
    """The normal-form game in which every player chooses a policy of its population.

    All populations are of the same size. The order of the policies means nothing, and payoffs are in
    arbitrary units: a solver must not depend on either. The payoffs are exact.

    Attributes
    ----------
    players : int
        Number of players.
    policies : int
        Number of policies of each player.
    """

    players: int
    policies: int

    def payoffs(self, player: int, strategies: Array) -> Array:
        """Return the expected payoff of each policy of ``player`` against the others' strategies.

        Parameters
        ----------
        player
            Whose policies.
        strategies
            Shape ``(players, policies)``; the player's own row is not used. Rows need not sum to one.

        Returns
        -------
        ndarray of shape (policies,)
        """
        raise NotImplementedError

    def all_payoffs(self, strategies: Array) -> Array:
        """Return the payoffs of every player's policies against the same strategies: one row a player."""
        raise NotImplementedError

    def tensor(self, player: int) -> Array:
        """Return the payoffs of ``player`` for every joint choice of policies, one axis a player.

        Raises
        ------
        ValueError
            If the tensor has more than 2^21 entries: use `payoffs`, which never needs it.
        """
        raise NotImplementedError

    def uniform(self) -> Array:
        """Return the strategies in which every player mixes its policies uniformly."""
        return np.full((self.players, self.policies), 1.0 / self.policies)


class MetaSolver:
    """A meta-solver of PSRO: chooses how to mix the policies of a population.

    In iteration ``t = 1, 2, ..., horizon`` the engine asks for the strategies of ``train(t, game)``, adds a
    best response of every player against the others' to the populations (so that they have ``t + 1``
    policies), and at some iterations asks for those of ``evaluate(t, game)`` in the grown game, whose
    exploitability is measured.

    One instance trains and another evaluates: they share the program, not the state, and how often the
    second is asked changes nothing else. Subclasses override ``train`` and ``evaluate``, and ``start`` to set
    state up. Both return weights of shape ``(players, policies)``, non-negative, some positive in every row;
    the engine divides them by their sum.

    Attributes
    ----------
    players : int
        Number of players.
    horizon : int
        Number of iterations that will be done.
    scale_free : bool or None
        Declared of the class: whether it mixes the same when all payoffs are multiplied by a positive number.
        None: nobody said; it can be found by playing, see `nashforge.solvers.psro.properties`.
    """

    scale_free: ClassVar[bool | None] = None

    def __init__(self, players: int, horizon: int) -> None:
        self.players = players
        self.horizon = horizon
        self.start()

    def start(self) -> None:
        """Set up the solver's state, before the first iteration."""

    def train(self, t: int, game: RestrictedGame) -> Array:
        """Return the strategies that the next policies are best responses to."""
        raise NotImplementedError("a meta-solver must define train(self, t, game)")

    def evaluate(self, t: int, game: RestrictedGame) -> Array:
        """Return the strategies that are judged."""
        raise NotImplementedError("a meta-solver must define evaluate(self, t, game)")


def normalize(x: npt.ArrayLike, least: float = 1e-12) -> Array:
    """Return the positive part of each row over its sum; uniform where the sum is at most ``least``."""
    return _by_row(kernels.normalize, x, least)


def softmax(x: npt.ArrayLike, temperature: float = 1.0) -> Array:
    """Return exp(x / temperature) of each row over its sum; the temperature is positive."""
    return _by_row(kernels.softmax, x, temperature)


def center(x: npt.ArrayLike) -> Array:
    """Return each row less its mean."""
    return _by_row(kernels.center, x, 0.0)


def rescale(x: npt.ArrayLike, least: float = 1e-8) -> Array:
    """Return each row over its largest magnitude, where that is more than ``least``."""
    return _by_row(kernels.rescale, x, least)


def project(x: npt.ArrayLike, least: float = 0.0) -> Array:
    """Return the mixture nearest to each row with no weight below ``least`` (Euclidean projection).

    ``least`` times the number of policies must be at most one.
    """
    return _by_row(kernels.project, x, least)


def advantages(payoffs: Array, strategies: Array) -> Array:
    """Return payoffs less what the strategy earns, by row: how much better each policy would have been."""
    if payoffs.shape != strategies.shape:
        raise ValueError(
            f"payoffs and strategies must have the same shape; got {payoffs.shape} and {strategies.shape}"
        )
    return _by_row(kernels.advantages, payoffs, np.atleast_2d(np.ascontiguousarray(strategies, np.float64)))


def _by_row(kernel: Callable[..., Any], x: npt.ArrayLike, parameter: float | Array) -> Array:
    given = np.ascontiguousarray(x, np.float64)
    out = np.empty(given.shape)
    rows = (-1, given.shape[-1])
    kernel(given.reshape(rows), parameter, out.reshape(rows))
    return out
