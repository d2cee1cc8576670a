"""Exact rational linear algebra on small matrices, with Python's integers: nothing is ever rounded.

Every finite float is a rational number, so that any matrix of floats, integers, fractions or decimal strings
is a game that can be solved exactly. Payoffs are first brought to whole numbers, which changes no decision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Matrix = list[list[Fraction]]
Integers = list[list[int]]


def rational(entry: object) -> Fraction:
    """Return a number, or a string such as ``1/3`` or ``0.1``, as the fraction that it is exactly.

    Raises
    ------
    ValueError, TypeError, OverflowError, ZeroDivisionError
        If it is not a finite number.
    """
    if isinstance(entry, np.generic):
        entry = entry.item()
    if isinstance(entry, str):
        return Fraction(entry.strip())
    if not isinstance(entry, int | float | Rational | Decimal):
        raise TypeError(f"{entry!r} is not a number")
    return Fraction(entry)


def whole(matrix: Matrix) -> Integers:
    """Return a positive multiple of a matrix plus a constant: whole numbers, the least of them 1."""
    low = min(min(row) for row in matrix)
    shifted = [[entry - low for entry in row] for row in matrix]
    common = math.lcm(*(entry.denominator for row in shifted for entry in row))
    numbers = [[int(entry * common) for entry in row] for row in shifted]
    divisor = math.gcd(*(number for row in numbers for number in row)) or 1
    return [[number // divisor + 1 for number in row] for row in numbers]


def solve(matrix: Integers, right: Sequence[int]) -> list[Fraction] | None:
    """Return the solution of a square linear system; nothing if it is singular.

    Fraction-free elimination: Bareiss (1968), Sylvester's Identity and Multistep Integer-Preserving Gaussian
    Elimination.
    """
    n = len(matrix)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    last = 1
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        head = rows[k]
        for i in range(k + 1, n):
            row = rows[i]
            factor = row[k]
            rows[i] = [0 if j <= k else (head[k] * row[j] - factor * head[j]) // last for j in range(n + 1)]
        last = head[k]
    found: list[Fraction] = [Fraction(0)] * n
    for k in range(n - 1, -1, -1):
        rest = sum((rows[k][j] * found[j] for j in range(k + 1, n)), Fraction(0))
        found[k] = (rows[k][n] - rest) / rows[k][k]
    return found


def floats(strategy: Sequence[Fraction]) -> Array:
    """Return the nearest floats of exact probabilities."""
    return np.array([float(p) for p in strategy])


def exact_regrets(
    first: Matrix, second: Matrix, x: Sequence[Fraction], y: Sequence[Fraction]
) -> tuple[Fraction, Fraction]:
    """Return what each player's best response gains over a profile; strategies are divided by their sums.

    Parameters
    ----------
    first, second
        Payoffs, player 1's actions as rows.
    """
    x, y = [p / sum(x) for p in x], [p / sum(y) for p in y]
    u = [sum(a * p for a, p in zip(row, y, strict=True) if p) for row in first]
    v = [sum(row[j] * p for row, p in zip(second, x, strict=True) if p) for j in range(len(y))]
    return (
        Fraction(max(u) - sum(p * w for p, w in zip(x, u, strict=True))),
        Fraction(max(v) - sum(p * w for p, w in zip(y, v, strict=True))),
    )
