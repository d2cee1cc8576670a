"""One Nash equilibrium of a game of two players, by complementary pivoting.

The algorithm of Lemke and Howson (1964), Equilibrium Points of Bimatrix Games, follows an edge path on the
two best-response polytopes from the artificial equilibrium, on which only one chosen label is missing, to an
equilibrium. Ties of the ratio test are broken lexicographically, so that it ends in degenerate games, too.
With floats the path is fast, and its end is only a guess of a basis, which the caller must check; with whole
numbers it is exact (integer pivoting: von Stengel 2002, Computing Equilibria for Two-Person Games).

It imports nothing but numpy: meta-solvers use it in the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NEAR = 1e-11
"""Entries of a float tableau below this are rounding: payoffs are scaled to lie between 1 and 2."""


@dataclass(frozen=True)
class Basis:
    """The end of a path: for both systems, the variables in the basis and the strategies there.

    Attributes
    ----------
    played : pair of tuples of int
        Actions of players 1 and 2 whose weights are basic: those that may be positive.
    tight : pair of tuples of int
        Actions of players 1 and 2 that are best responses there; as many as the other's played ones.
    weights : pair of lists
        Weights of all actions, not normalised; floats or whole numbers.
    """

    played: tuple[tuple[int, ...], tuple[int, ...]]
    tight: tuple[tuple[int, ...], tuple[int, ...]]
    weights: tuple[list[Any], list[Any]]


class Tableau:
    """``matrix z + slack = right``, the slacks its first basis; rows stay multiplied by ``denominator``.

    Parameters
    ----------
    matrix
        Whole numbers if ``exact``.
    exact
        Whether nothing is rounded.
    right
        Not negative; one everywhere, if not given.
    """

    def __init__(self, matrix: Any, exact: bool, right: Any = 1) -> None:
        rows, columns = matrix.shape
        kind = object if exact else np.float64
        self.rows, self.columns, self.exact = rows, columns, exact
        self.table = np.zeros((rows, rows + columns + 1), dtype=kind)
        self.table[:, :rows] = np.eye(rows, dtype=np.int64)
        self.table[:, rows:-1] = matrix
        self.table[:, -1] = right
        if exact:
            self.table = np.array([[int(entry) for entry in row] for row in self.table], dtype=object)
        self.denominator: Any = 1
        self.basis = list(range(rows))  # slack k is variable k, action c is variable rows + c

    def enter(self, variable: int) -> int:
        """Bring a variable into the basis; return the one that leaves."""
        column = self.table[:, variable]
        candidates = [k for k in range(self.rows) if column[k] > (0 if self.exact else NEAR)]
        if not candidates:
            raise ArithmeticError("rounding has spoilt the tableau")
        # The right-hand side perturbed by powers of a tiny number: the slack columns break ties.
        for entry in (self.rows + self.columns, *range(self.rows)):
            if len(candidates) == 1:
                break
            candidates = self._least(candidates, column, self.table[:, entry])
        row = candidates[0]
        leaving, self.basis[row] = self.basis[row], variable
        self._pivot(row, variable)
        return leaving

    def _least(self, candidates: list[int], column: Any, entries: Any) -> list[int]:
        if self.exact:
            kept = candidates[:1]
            for k in candidates[1:]:
                ahead = entries[k] * column[kept[0]] - entries[kept[0]] * column[k]
                if ahead < 0:
                    kept = [k]
                elif ahead == 0:
                    kept.append(k)
            return kept
        ratios = entries[candidates] / column[candidates]
        least = float(ratios.min())
        return [k for k, ratio in zip(candidates, ratios, strict=True) if ratio <= least + NEAR]

    def _pivot(self, row: int, variable: int) -> None:
        pivot = self.table[row, variable]
        head, column = self.table[row].copy(), self.table[:, variable].copy()
        if self.exact:
            self.table = (self.table * pivot - np.outer(column, head)) // self.denominator
            self.table[row] = head
            self.denominator = pivot
        else:
            head /= pivot
            self.table -= np.outer(column, head)
            self.table[row] = head

    def weights(self) -> list[Any]:
        """Return the value of every action's variable, times the denominator."""
        found: list[Any] = [0] * self.columns
        for row, variable in enumerate(self.basis):
            if variable >= self.rows:
                found[variable - self.rows] = self.table[row, -1]
        return found

    def split(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the actions in the basis, and the rows whose slacks are not."""
        inside = set(self.basis)
        played = tuple(c for c in range(self.columns) if self.rows + c in inside)
        return played, tuple(k for k in range(self.rows) if k not in inside)


def lemke_howson(
    first: Any, second: Any, label: int, most_pivots: int, *, exact: bool = False
) -> Basis | None:
    """Follow the path on which ``label`` is missing.

    Parameters
    ----------
    first, second
        Payoffs, player 1's actions as rows, all positive; whole numbers if ``exact``.
    label
        An action: those of player 1, then those of player 2.
    most_pivots
        Where to give up.

    Returns
    -------
    Basis or None
        Nothing if the path was too long or lost to rounding.
    """
    n = len(first)
    # The system of best responses to x: a row for each action of player 2, a variable for each of player 1.
    systems = (Tableau(second.T, exact), Tableau(first, exact))
    turn = 0 if label < n else 1
    action = label if turn == 0 else label - n
    missing = (turn, action)
    entering = systems[turn].rows + action
    for _ in range(most_pivots):
        try:
            leaving = systems[turn].enter(entering)
        except ArithmeticError:
            return None
        # Who left: an action of the player of this system (its label is now doubly missing), or a slack.
        rows = systems[turn].rows
        owner, gone = (turn, leaving - rows) if leaving >= rows else (1 - turn, leaving)
        if (owner, gone) == missing:
            (played_1, tight_2), (played_2, tight_1) = systems[0].split(), systems[1].split()
            return Basis(
                (played_1, played_2), (tight_1, tight_2), (systems[0].weights(), systems[1].weights())
            )
        # Its label is picked up in the other system: the slack of the action, or the action itself.
        turn = 1 - turn
        entering = systems[turn].rows + gone if owner == turn else gone
    return None
