"""The best guarantee in an extensive game of two players, in exact arithmetic.

The linear program of `nashforge.solvers.equilibria.extensive.guarantees`, written so that a plan of nothing
is feasible, from which the simplex method begins, with the pivots of
`nashforge.solvers.equilibria.complementary`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm, Treeplex
from nashforge.solvers.equilibria.complementary import Tableau

Array = npt.NDArray[np.float64]

EXACT_ENTRIES = 50_000
"""Programs of more entries are not solved in whole numbers."""


@dataclass(frozen=True)
class Guarantee:
    """The best guarantee of a player.

    Attributes
    ----------
    policy : ndarray
        The player's behaviour policy: the nearest floats of the exact one.
    opposing : ndarray
        A behaviour policy of the other player against which nothing is worth more.
    value : Fraction
        What the exact policy guarantees, in units of utility.
    """

    policy: Array
    opposing: Array
    value: Fraction


def entries(form: SequenceForm, player: int) -> int:
    """Return the size of the exact program."""
    own, other = form.treeplexes[player], form.treeplexes[1 - player]
    rows = own.infosets + other.sequences + 1
    return rows * (rows + own.sequences + other.infosets + 2)


def exact_guarantee(form: SequenceForm, player: int) -> Guarantee:
    """Return the best guarantee of a player in a game of two, exactly for payoffs as they are in the form.

    Notes
    -----
    Chance probabilities are floats and need not sum to one, so that no constant may be added to the payoffs.
    Instead, plans that leave something out pay a price above all payoffs for it, and the values of the
    other's information sets are counted from a bound below.
    """
    own, other = form.treeplexes[player], form.treeplexes[1 - player]
    payoffs, unit = _whole(form, player)
    price = sum(map(abs, payoffs)) + 1
    # Rows: the own information sets, then the other's sequences and the empty one. Columns: the own
    # sequences, then the values of the other's information sets and of the start.
    rows, columns = own.infosets + other.sequences + 1, own.sequences + other.infosets + 1
    matrix, right = np.zeros((rows, columns), dtype=object), np.zeros(rows, dtype=object)
    for i, (first, end) in enumerate(itertools.pairwise(own.start)):
        matrix[i, first:end] = 1
        matrix[-1, first:end] -= price
        if own.parent[i] == own.sequences:
            right[i] = 1
            right[-1] -= price
        else:
            matrix[i, own.parent[i]] = -1
            matrix[-1, own.parent[i]] += price
    bounds = np.zeros(other.sequences + 1, dtype=object)
    for payoff, mine, theirs in zip(
        payoffs, form.leaf_sequences[player], form.leaf_sequences[1 - player], strict=True
    ):
        bounds[theirs] += abs(payoff)
        if mine == own.sequences:
            right[own.infosets + theirs] += payoff
        else:
            matrix[own.infosets + theirs, mine] -= payoff
    for i in range(other.infosets - 1, -1, -1):  # children first
        first, end = other.start[i], other.start[i + 1]
        matrix[own.infosets + first : own.infosets + end, own.sequences + i] += 1
        matrix[own.infosets + other.parent[i], own.sequences + i] -= 1
        least = max(bounds[first:end])
        right[own.infosets + first : own.infosets + end] += least
        right[own.infosets + other.parent[i]] -= least
        bounds[other.parent[i]] += least
    matrix[-1, -1] = 1
    least = -right[-1]
    right[-1] = 0
    tableau = Tableau(matrix, exact=True, right=right)
    row = _maximize(tableau, rows + columns - 1)
    objective = tableau.table[row]
    return Guarantee(
        _policy(own, tableau.weights()[: own.sequences]),
        _policy(other, list(objective[own.infosets : rows - 1])),
        (Fraction(int(objective[-1]), int(tableau.denominator)) - least) / unit,
    )


def _whole(form: SequenceForm, player: int) -> tuple[list[int], Fraction]:
    """Return payoffs times chance as whole numbers, and what they were multiplied by."""
    given = [Fraction(payoff) for payoff in form.leaf_payoffs[player].tolist()]
    common = math.lcm(*(payoff.denominator for payoff in given))
    numbers = [int(payoff * common) for payoff in given]
    divisor = math.gcd(*numbers) or 1
    return [number // divisor for number in numbers], Fraction(common, divisor)


def _maximize(tableau: Tableau, variable: int) -> int:
    """Make a variable as large as it can be; return its row, which then holds the reduced costs."""
    tableau.enter(variable)
    row = tableau.basis.index(variable)
    while True:
        reduced = tableau.table[row, :-1]
        entering = int(np.argmin(reduced))
        if reduced[entering] >= 0:
            return row
        tableau.enter(entering)


def _policy(treeplex: Treeplex, weights: list[int]) -> Array:
    """Return the behaviour policy of a plan in whole numbers; uniform where it does not lead."""
    policy = np.empty(treeplex.sequences)
    for first, end in itertools.pairwise(treeplex.start):
        total = sum(weights[first:end])
        for k in range(first, end):
            policy[k] = int(weights[k]) / int(total) if total else 1.0 / (end - first)
    return policy
