"""The restricted game as a meta-solver's operator: behind it the payoff tensors, or factors of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.psro.interface import Array, RestrictedGame
from nashforge.solvers.psro.restricted import tensor_contraction

MOST_ENTRIES = 1 << 21
"""Largest tensor that is handed out."""


class _Operator(RestrictedGame):
    """The base of both forms: checks, and everything that follows from `payoffs`."""

    def __init__(self, players: int, policies: int) -> None:
        self.players = players
        self.policies = policies
        self._shape = (players, policies)

    def _checked(self, strategies: Array) -> Array:
        given = np.ascontiguousarray(strategies, dtype=np.float64)
        if given.shape != self._shape:
            raise ValueError(
                f"strategies must have shape (players, policies) = {self._shape}; got {given.shape}"
            )
        return given

    def _contract(self, start: int, stop: int, strategies: Array, out: Array) -> None:
        """Write the payoffs of players ``start`` to ``stop - 1``, one row each."""
        raise NotImplementedError

    def payoffs(self, player: int, strategies: Array) -> Array:
        given = self._checked(strategies)
        if not 0 <= player < self.players:
            raise ValueError(f"there is no player {player}: players are 0 to {self.players - 1}")
        out = np.empty((1, self.policies))
        self._contract(player, player + 1, given, out)
        row: Array = out[0]
        return row

    def all_payoffs(self, strategies: Array) -> Array:
        given = self._checked(strategies)
        out = np.empty(self._shape)
        self._contract(0, self.players, given, out)
        return out

    def _check_size(self) -> None:
        entries = self.policies**self.players
        if entries > MOST_ENTRIES:
            raise ValueError(
                f"the payoff tensor of {self.players} players with {self.policies} policies each has "
                f"{entries} entries, more than {MOST_ENTRIES}; use payoffs(player, strategies) instead"
            )


class TensorGame(_Operator):
    """Contracts payoff tensors.

    Parameters
    ----------
    players, policies
        Of the game.
    tensors
        Shape ``(players, capacity ** players)``; for each player the flat tensor whose axes are the other
        players in order and then the player itself, with room for ``capacity`` policies on each.
    capacity
        Length of every axis.
    """

    def __init__(self, players: int, policies: int, tensors: Array, capacity: int) -> None:
        super().__init__(players, policies)
        self._tensors = tensors
        self._capacity = capacity
        room = policies if players == 3 else 0
        # Which players' sums are there, and the sums.
        self._work = (np.zeros((players, 1), dtype=np.int64), np.empty((players, 3, room, room)))

    def _contract(self, start: int, stop: int, strategies: Array, out: Array) -> None:
        tensor_contraction.tensor_payoffs(
            start, stop, self.policies, self._capacity, self._tensors, strategies, *self._work, out
        )

    def tensor(self, player: int) -> Array:
        self._check_size()
        whole = self._tensors[player].reshape((self._capacity,) * self.players)
        part = whole[(slice(self.policies),) * self.players]
        return np.ascontiguousarray(np.moveaxis(part, -1, player))


class FactoredGame(_Operator):
    """Contracts the factors of the payoff tensors, see `nashforge.solvers.psro.restricted.factored_payoffs`.

    Parameters
    ----------
    players, policies
        Of the game.
    arrays
        Of `nashforge.solvers.psro.restricted.factored_payoffs.FactoredPayoffs`, by name.
    """

    def __init__(self, players: int, policies: int, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        super().__init__(players, policies)
        self._arrays: tuple[Any, ...] = tuple(
            arrays[name] for name in ("sizes", "by_policy", "by_class", "classes", "core")
        )
        width = arrays["by_class"].shape[1]
        # NaN differs from everything: no mixture of factors is remembered yet.
        self._work: tuple[Any, ...] = (
            np.full((players, policies), np.nan),
            np.empty((players, width)),
            np.empty(width),
        )

    def _contract(self, start: int, stop: int, strategies: Array, out: Array) -> None:
        contract: Any = tensor_contraction.factored_payoffs
        contract(start, stop, self.policies, strategies, *self._arrays, *self._work, out)

    def tensor(self, player: int) -> Array:
        self._check_size()
        others = [q for q in range(self.players) if q != player]
        whole = np.empty((self.policies,) * self.players)
        strategies = np.zeros(self._shape)
        for profile in np.ndindex(*(self.policies,) * len(others)):
            strategies[others, profile] = 1.0
            self._contract(player, player + 1, strategies, whole[profile][None])
            strategies[others, profile] = 0.0
        return np.ascontiguousarray(np.moveaxis(whole, -1, player))
