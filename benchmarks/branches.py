"""Branches of equilibria from uniform play, followed in small steps: simple, slow, independent of `solvers`.

The curve of (log strategies, height) is followed along the null space of its Jacobian, in steps that are
halved until the corrector begins near the curve and the direction turns by less than 8 degrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Pair = tuple[Array, Array]
Conditions = Callable[[Array], Pair]
"""From (log strategies, height) to the residual and its Jacobian, which has one column more than rows."""

NEAR, TURN = 1e-3, 0.99
"""How far from the curve a step may lead, in logarithms, and the least cosine between directions."""
MOST = 200_000


def small_steps(first: Array, second: Array, rationality: float) -> Pair | None:
    """Return the logit QRE at the end of the branch on which lambda grows from 0; nothing if it was lost.

    Parameters
    ----------
    first, second
        Payoffs, player 1's actions as rows.
    """
    n, m = first.shape

    def conditions(v: Array) -> Pair:
        x, y, rate = np.exp(v[:n]), np.exp(v[n:-1]), v[-1]
        u, w = first @ y, x @ second
        F = np.concatenate(
            [
                [x.sum() - 1, y.sum() - 1],
                v[1:n] - v[0] - rate * (u[1:] - u[0]),
                v[n + 1 : -1] - v[n] - rate * (w[1:] - w[0]),
            ]
        )
        J = np.zeros((n + m, n + m + 1))
        J[0, :n], J[1, n:-1] = x, y
        for a in range(1, n):
            row = J[a + 1]
            row[a], row[0], row[-1] = 1.0, -1.0, u[0] - u[a]
            row[n:-1] = rate * (first[0] - first[a]) * y
        for b in range(1, m):
            row = J[n + b]
            row[n + b], row[n], row[-1] = 1.0, -1.0, w[0] - w[b]
            row[:n] = rate * (second[:, 0] - second[:, b]) * x
        return F, J

    return _followed(conditions, n, m, 0.0, rationality, 1e-3 / max(np.ptp(first), np.ptp(second), 1e-300))


def averse_small_steps(
    first: Array, second: Array, tau: Sequence[float], epsilon: Sequence[float], regularizer: str
) -> Pair | None:
    """Return the RQE (KL) at the end of the branch on which all payoffs grow from nothing; else nothing.

    Derivatives are taken with complex steps.
    """
    n, m = first.shape

    def residual(v: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
        t = np.exp(v[-1])
        parts = []
        for i, own in enumerate((t * first, t * second.T)):
            mine, theirs = (v[:n], v[n:-1]) if i == 0 else (v[n:-1], v[:n])
            feared = theirs - tau[i] * (np.exp(mine) @ own)
            p = np.exp(feared - feared.real.max())
            slope = mine if regularizer == "entropy" else -np.exp(-mine)
            balance = slope - own @ (p / p.sum()) / epsilon[i]
            parts += [[np.exp(mine).sum() - 1], balance[1:] - balance[0]]
        return np.concatenate(parts)

    def conditions(v: Array) -> Pair:
        columns = [residual(v + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(v))]
        return residual(v.astype(np.complex128)).real, np.column_stack(columns)

    largest = max(np.ptp(own) * max(tau[i], 1.0 / epsilon[i]) for i, own in enumerate((first, second)))
    return _followed(conditions, n, m, min(-float(np.log(1e4 * max(largest, 1e-300))), -1.0), 0.0, 1e-3)


def _followed(conditions: Conditions, n: int, m: int, start: float, end: float, length: float) -> Pair | None:
    """Follow a curve from uniform play at height ``start`` until it comes to ``end``."""

    def direction(v: Array, before: Array) -> Array:
        found = np.linalg.svd(conditions(v)[1])[2][-1]
        return np.asarray(found if found @ before > 0 else -found)

    def corrected(v: Array) -> Array | None:
        for k in range(8):
            F, J = conditions(v)
            step = np.linalg.lstsq(J, -F, rcond=None)[0]
            if k == 0 and np.abs(step).max() > NEAR:
                return None
            v = v + step
            if np.abs(step).max() < 1e-12 * (1 + np.abs(v).max()):
                break
        return v

    v = np.concatenate([np.full(n, -np.log(n)), np.full(m, -np.log(m)), [start]])
    tangent, shortest = direction(v, np.eye(n + m + 1)[-1]), 1e-10 * length
    for _ in range(MOST):
        ahead = corrected(v + length * tangent)
        following = None if ahead is None else direction(ahead, tangent)
        if ahead is None or following is None or following @ tangent < TURN:
            length /= 2
            if length < shortest:
                return None
            continue
        if ahead[-1] >= end:
            last = v + (ahead - v) * (end - v[-1]) / (ahead[-1] - v[-1])
            for _ in range(50):
                F, J = conditions(last)
                last[:-1] -= np.linalg.solve(J[:, :-1], F)
            return np.exp(last[:n]), np.exp(last[n:-1])
        v, tangent, length = ahead, following, 1.5 * length
    return None
