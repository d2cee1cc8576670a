# mypy: allow-untyped-decorators, no-warn-return-any
"""Risk-adjusted values of behaviour policies in extensive games, in dilated form.

No definition of risk-averse quantal response in extensive games is published. Ours: the adversary's
divergence and the player's entropy are *dilated* over the treeplex, that is summed over information sets,
weighted with the adversary's (player's) own plan of reaching them. With ``q`` the adversary's realisation
plan and ``c`` the player's payoffs over the sequences of the seat that it took::

    U = min_q  c . q + (1 / tau) sum_I q(parent of I) D(q_I, y_I)

The minimum is one pass up that treeplex with a soft minimum in place of the maximum of a best response. In
one-shot games it is the matrix definition.

With more than two players the adversary takes *one seat*: the value is that of the worst seat, while all
others play as expected. (One adversary at all seats at once has a team's private information; with one-shot
games it is `nashforge.solvers.risk.utility.joint_payoffs`.)
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.risk.kernels import measure
from nashforge.solvers.risk.measures import Risk
from nashforge.solvers.risk.passes import value_pass
from nashforge.solvers.sequence_form import kernels
from nashforge.solvers.sequence_form.tables import PlayerTable, tables

Array = npt.NDArray[np.float64]


@kernel(error_model="numpy")
def risk_pass(
    start: Any, parent: Any, policy: Any, value: Any, code: int, tau: float, worst: Any, slope: Any
) -> float:
    """Pass payoffs up a treeplex with the risk measure of every information set; return the value.

    ``value`` holds the product on entry and the risk-adjusted value of every sequence on return; ``worst``
    the adversary's behaviour policy.
    """
    for i in range(len(parent) - 1, -1, -1):
        first, end = start[i], start[i + 1]
        value[parent[i]] += measure(
            code, value[first:end], policy[first:end], tau, worst[first:end], slope[first:end]
        )
    return value[len(value) - 1]


@kernel(error_model="numpy")
def divergence_pass(start: Any, parent: Any, plan: Any, worst: Any, policy: Any) -> float:
    """Return the dilated KL divergence of the adversary's policy from the expected one."""
    total = 0.0
    for i in range(len(parent)):
        for b in range(start[i], start[i + 1]):
            if worst[b] > 0.0:
                total += plan[parent[i]] * worst[b] * np.log(worst[b] / policy[b])
    return total


@dataclass(frozen=True)
class DilatedValue:
    """The risk-adjusted value of one player.

    Attributes
    ----------
    value : float
        In units of utility.
    seat : int
        The player whose seat the worst adversary took.
    policy : ndarray of shape (sequences of the seat,)
        The adversary's behaviour policy.
    divergence : float
        Its dilated KL divergence from what was expected.
    gradient : ndarray of shape (own sequences,)
        Of the value in the player's realisation plan: counterfactual payoffs against the adversary.
    """

    value: float
    seat: int
    policy: Array
    divergence: float
    gradient: Array


class Seats:
    """The payoffs of every player, arranged by the sequences of every other player's seat."""

    def __init__(self, form: SequenceForm) -> None:
        # A copy that shares the arrays: what is kept for as long as a form is in use must not use it itself.
        self._form = replace(form)
        self._shared = tables(form)
        self._tables: dict[tuple[int, int], PlayerTable] = {}
        self._work = [np.empty(size + 1) for size in self._shared.sizes]

    def table(self, player: int, seat: int) -> PlayerTable:
        """Return the payoffs of a player grouped by the sequences of another seat."""
        key = (player, seat)
        if key not in self._tables:
            payoffs = np.repeat(self._form.leaf_payoffs[player][None], self._form.players, axis=0)
            bounds = np.array([segment.start for segment in self._shared.segments])
            disguised = replace(self._form, leaf_payoffs=payoffs, zero_sum=False, constant_sum=None)
            self._tables[key] = self._shared._group(disguised, seat, bounds)
        return self._tables[key]

    def against(self, player: int, seat: int, plans: Array, policy: Array, risk: Risk) -> tuple[float, Array]:
        """Return the value of a player against the adversary at one seat, and its behaviour policy."""
        table = self.table(player, seat)
        size = self._shared.sizes[seat]
        value, worst = np.empty(size + 1), np.empty(size)
        kernels.product(table.rows, table.row_start, table.others, table.payoff, plans, value)
        found = risk_pass(
            table.start, table.parent, policy, value, risk.code, risk.tau, worst, np.empty(size)
        )
        return float(found), worst

    def value(self, player: int, seat: int, plans: Array, policy: Array, risk: Risk) -> float:
        """Return the value of a player against the adversary at one seat: as `against`, but quicker."""
        table, value = self.table(player, seat), self._work[seat]
        kernels.product(table.rows, table.row_start, table.others, table.payoff, plans, value)
        return float(value_pass(risk.code, table.start, table.parent, policy, value, risk.tau))

    def least(self, player: int, seat: int, plans: Array) -> float:
        """Return the least that a player can get when one seat does its worst, whatever the price."""
        table = self.table(player, seat)
        value = np.empty(self._shared.sizes[seat] + 1)
        kernels.product(table.rows, table.row_start, table.others, table.payoff, plans, value)
        np.negative(value, out=value)
        return -float(kernels.best_response_pass(table.start, table.parent, value))

    def evaluate(self, profile: Any, player: int, risk: Risk, plans: Array) -> DilatedValue:
        """Return the risk-adjusted value of a player under a profile with these plans, at the worst seat."""
        found = []
        for seat in range(self._form.players):
            if seat != player:
                policy = np.ascontiguousarray(profile[seat], dtype=np.float64)
                found.append((*self.against(player, seat, plans, policy, risk), seat, policy))
        value, worst, seat, expected = min(found, key=lambda entry: entry[0])
        there = plans.copy()
        self._shared.set_plan(seat, worst, there, np.empty(len(worst)))
        table = self.table(player, seat)
        spent = divergence_pass(
            table.start, table.parent, there[self._shared.segments[seat]], worst, expected
        )
        gradient = np.empty(self._shared.sizes[player] + 1)
        self._shared.product(player, there, gradient)
        return DilatedValue(value, seat, worst, float(spent), gradient[:-1])


_seats: weakref.WeakKeyDictionary[SequenceForm, Seats] = weakref.WeakKeyDictionary()


def seats(form: SequenceForm) -> Seats:
    """Return the seats of a game, arranged once for as long as the game is in use."""
    found = _seats.get(form)
    if found is None:
        found = _seats[form] = Seats(form)
    return found
