"""A sequence form arranged for the kernels: per player, payoffs grouped by the player's own sequence."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameError
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.sequence_form import kernels

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlayerTable:
    """Payoffs of one player, leaves grouped by the player's own sequence (compressed rows).

    Attributes
    ----------
    start, parent : ndarray of uint32
        The player's treeplex, see `nashforge.games.Treeplex`.
    rows : ndarray of uint32
        Own sequences that have a leaf of non-zero payoff.
    row_start : ndarray of uint32, shape (len(rows) + 1,)
        The leaves of row ``k`` are ``row_start[k]:row_start[k + 1]``.
    others : ndarray of uint32, shape (players - 1, leaves)
        Where the other players' sequences lie in the flat vector of plans.
    payoff : ndarray of float64, shape (leaves,)
        The player's utility times chance probability.
    """

    start: npt.NDArray[np.uint32]
    parent: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]
    row_start: npt.NDArray[np.uint32]
    others: npt.NDArray[np.uint32]
    payoff: Array


class Update(NamedTuple):
    """One player's part of an iteration.

    Attributes
    ----------
    regrets
        Writes the instantaneous counterfactual regrets of the policy in play; returns its expected value.
    move
        Called with the next policy, ``keep`` and ``add``: folds the policy in play into the average and plays
        the next; see `kernels.move_pass`.
    """

    regrets: Callable[[], float]
    move: Callable[[Array, Array, Array], int]


class Tables:
    """All players' payoff tables of a game, and the exact operations on them.

    Parameters
    ----------
    form
        The compiled game. Use `tables` to share one instance a game.
    """

    def __init__(self, form: SequenceForm) -> None:
        self.sizes = [treeplex.sequences for treeplex in form.treeplexes]
        bounds = np.concatenate([[0], np.cumsum([size + 1 for size in self.sizes])])
        self.segments = [slice(int(bounds[p]), int(bounds[p + 1])) for p in range(form.players)]
        self.length = int(bounds[-1])
        self.players = [self._group(form, player, bounds[:-1]) for player in range(form.players)]
        self._value = [np.empty(size + 1) for size in self.sizes]
        self._size = [np.empty(size + 1) for size in self.sizes]

    @staticmethod
    def _group(form: SequenceForm, player: int, offsets: npt.NDArray[np.int64]) -> PlayerTable:
        kept = np.flatnonzero(form.leaf_payoffs[player])
        others = [q for q in range(form.players) if q != player]
        keys = [form.leaf_sequences[q][kept] for q in reversed(others)]
        order = kept[np.lexsort((*keys, form.leaf_sequences[player][kept]))]
        own = form.leaf_sequences[player][order]
        rows, first = np.unique(own, return_index=True)
        flat = np.empty((len(others), len(order)), dtype=np.uint32)
        for k, q in enumerate(others):
            flat[k] = form.leaf_sequences[q][order] + offsets[q]
        return PlayerTable(
            start=form.treeplexes[player].start.astype(np.uint32),
            parent=form.treeplexes[player].parent.astype(np.uint32),
            rows=rows.astype(np.uint32),
            row_start=np.append(first, len(order)).astype(np.uint32),
            others=flat,
            payoff=np.ascontiguousarray(form.leaf_payoffs[player][order]),
        )

    def product(self, player: int, plans: Array, out: Array) -> None:
        """Write the counterfactual payoff of each sequence of ``player``, shape ``(sequences + 1,)``."""
        table = self.players[player]
        kernels.product(table.rows, table.row_start, table.others, table.payoff, plans, out)

    def sized_product(self, player: int, plans: Array, out: Array, size: Array) -> None:
        """Write what `product` does, and into ``size`` the same of absolute payoffs."""
        table = self.players[player]
        kernels.sized_product(table.rows, table.row_start, table.others, table.payoff, plans, out, size)

    def best_response(self, player: int, plans: Array, value: Array | None = None) -> float:
        """Return the best-response value of ``player``; fill ``value`` (sequences + 1) if given."""
        table = self.players[player]
        work = self._value[player] if value is None else value
        self.product(player, plans, work)
        return float(kernels.best_response_pass(table.start, table.parent, work))

    def expected_value(self, player: int, plans: Array) -> float:
        """Return the expected utility of ``player`` when all follow their plans."""
        value = self._value[player]
        self.product(player, plans, value)
        return float(kernels.dot(value, plans[self.segments[player]]))

    def gain(self, player: int, plans: Array) -> float:
        """Return what ``player`` would gain by a best response: its value less the expected value."""
        table, value = self.players[player], self._value[player]
        self.product(player, plans, value)
        expected = float(kernels.dot(value, plans[self.segments[player]]))
        return float(kernels.best_response_pass(table.start, table.parent, value)) - expected

    def set_plan(self, player: int, policy: Array, plans: Array, reach: Array) -> int:
        """Write the realisation plan of a behaviour policy; return a bad information set or -1."""
        table = self.players[player]
        return int(kernels.plan_pass(table.start, table.parent, policy, plans[self.segments[player]], reach))

    def update(
        self, player: int, plans: Array, policy: Array, regret: Array, reach: Array, average: Array
    ) -> Update:
        """Return a player's update, bound to the arrays that it works on: a small game costs less than that.

        Parameters
        ----------
        player
            Whose update.
        plans
            All players' realisation plans, flat; the player's is changed.
        policy
            The policy in play, shape ``(sequences,)``; changed, as are ``reach`` and ``average``.
        regret
            Output of `Update.regrets`.
        reach
            The player's own reach of each sequence.
        average
            The player's cumulative average.
        """
        table = self.players[player]
        start, parent, plan = table.start, table.parent, plans[self.segments[player]]
        work = (self._value[player], self._size[player])
        leaves = (table.rows, table.row_start, table.others, table.payoff)
        regrets = partial(
            kernels.counterfactual_regrets, *leaves, start, parent, plans, policy, *work, regret
        )
        move_pass = kernels.move_pass

        def move(moved: Array, keep: Array, add: Array) -> int:
            bad: int = move_pass(start, parent, moved, keep, add, policy, plan, reach, average)
            return bad

        return Update(regrets, move)


_shared: weakref.WeakKeyDictionary[SequenceForm, Tables] = weakref.WeakKeyDictionary()


def tables(form: SequenceForm) -> Tables:
    """Return the tables of a game, built once for as long as the game is in use.

    Raises
    ------
    nashforge.games.GameError
        If the game is not a compiled one.
    """
    if not isinstance(form, SequenceForm):
        raise GameError(
            f"this is computed of a compiled game; got {form!r}; give nashforge.compile({form!r})"
        )
    found = _shared.get(form)
    if found is None:
        found = _shared[form] = Tables(form)
    return found
