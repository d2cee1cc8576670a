"""Payoff tensors of growing populations: every iteration adds the entries of the new policies only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.psro import kernels
from nashforge.solvers.psro.restricted.disguise import Arrays, Order, RestrictedDisguise
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]


class Tensors:
    """The payoffs of all joint choices of policies, for every player.

    Parameters
    ----------
    form
        The whole game.
    capacity
        Most policies of a player.

    Attributes
    ----------
    values : tuple of ndarray
        For each player, ``values[p][i_0, ..., i_(n-1)]`` with one axis of length ``capacity`` a player; only
        entries of policies in the populations mean anything.
    """

    def __init__(self, form: SequenceForm, capacity: int) -> None:
        self._form = form
        self.values = tuple(np.zeros((capacity,) * form.players) for _ in range(form.players))
        self._count = 0
        if form.players == 2:
            # The counterfactual payoffs of each player's sequences against every policy of the other.
            self._against = tuple(
                np.empty((capacity, treeplex.sequences + 1)) for treeplex in form.treeplexes
            )
        else:
            # Best responses reach few sequences: products of sparse matrices are several times cheaper.
            self._populations = [csr_array((0, treeplex.sequences + 1)) for treeplex in form.treeplexes]

    def write(
        self, plans: Sequence[Array], disguise: RestrictedDisguise, orders: Sequence[Order], into: Arrays
    ) -> None:
        """Add the entries of one new policy a player, and write the tensors into shared arrays.

        Parameters
        ----------
        plans
            Realisation plans, one matrix of shape ``(policies, sequences + 1)`` a player, the new ones last.
        disguise, orders
            Scale and shift of the payoffs, and in which order the policies of each player are to appear.
        into
            ``tensors``: for each player the flat tensor with the player's own axis last.
        """
        if self._form.players == 2:
            self._grow_matrices(plans)
        else:
            self._grow_slabs(plans)
        self._count += 1
        n, filled = self._form.players, (slice(self._count),) * self._form.players
        for p, values in enumerate(self.values):
            part = values[filled][np.ix_(*orders)] * disguise.scale[p] + disguise.shift[p]
            into["tensors"][p].reshape(values.shape)[filled] = np.moveaxis(part, p, n - 1)

    def _grow_matrices(self, plans: Sequence[Array]) -> None:
        new = self._count
        shared = tables(self._form)
        flat = np.concatenate([matrix[new] for matrix in plans])
        out = np.empty(new + 1)
        for player in (0, 1):
            against = self._against[player]
            shared.product(player, flat, against[new])
            own = self.values[player] if player == 0 else self.values[player].T
            kernels.products(plans[player], new + 1, against[new], out)
            own[: new + 1, new] = out
            kernels.products(against, new + 1, plans[player][new], out)
            own[new, : new + 1] = out

    def _grow_slabs(self, plans: Sequence[Array]) -> None:
        """Fill, player by player, the slab in which that player uses its new policy.

        A slab overlaps those of the players before it, which is cheaper than leaving the overlap out.
        """
        new, form = self._count, self._form
        # In a zero-sum game the last player's payoffs are known from the others'.
        needed = form.players - 1 if form.zero_sum else form.players
        populations = self._populations
        for q, matrix in enumerate(plans):
            populations[q] = vstack([populations[q], csr_array(matrix[new : new + 1])], format="csr")
        for player in range(form.players):
            played = plans[player][new][form.leaf_sequences[player]]
            reached = np.flatnonzero(played)
            others = [q for q in range(form.players) if q != player]
            sequences = [form.leaf_sequences[q][reached] for q in others]
            weights = form.leaf_payoffs[:needed, reached] * played[reached]
            slab = _contract(weights, sequences, [populations[q] for q in others])
            where = tuple(slice(new + 1) if q != player else new for q in range(form.players))
            for p in range(needed):
                self.values[p][where] = slab[p]
            if form.zero_sum:
                self.values[needed][where] = -slab.sum(axis=0)


def _contract(weights: Array, sequences: list[npt.NDArray[np.int32]], plans: list[Any]) -> Array:
    """Sum weighted leaves over all joint choices; shape ``(rows of weights, policies, policies, ...)``."""
    if len(plans) == 2:
        shape = (plans[0].shape[1], plans[1].shape[1])
        place = (sequences[0], sequences[1])
        second = plans[1].T.tocsr()
        products = [plans[0] @ (csr_array((row, place), shape) @ second) for row in weights]
        return np.array([product.toarray() for product in products])
    slabs = []
    for row in plans[0].toarray():
        played = row[sequences[0]]
        reached = np.flatnonzero(played)
        rest = [sequence[reached] for sequence in sequences[1:]]
        slabs.append(_contract(weights[:, reached] * played[reached], rest, plans[1:]))
    return np.stack(slabs, axis=1)
