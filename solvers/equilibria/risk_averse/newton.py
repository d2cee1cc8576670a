# mypy: allow-untyped-decorators, no-warn-return-any
"""Compiled Newton iterations on the optimality conditions of a risk-averse quantal response equilibrium.

Every player ``i`` and its adversary are optimal at once. With ``x = exp(theta)`` the player's strategy, ``y``
the other player's, and the adversary's distribution written as a tilt of it, ``p = y w(psi)``::

    A p - k(theta) - level = 0          A = R / eps                       (own actions)
    B' x + h(psi) - c = 0               B = R * (price of the divergence)  (partner's actions)
    log sum x = 0,  sum p - 1 = 0

The logarithms keep every probability positive and its digits, and ``h`` and ``k`` increase, so that the
conditions are those of a smooth monotone saddle problem on each side; nothing grows stiff as ``eps`` or
``1 / tau`` vanish, as in interior-point methods. The unknowns lie in one vector::

    theta_1 (n), theta_2 (m), psi_1 (m), psi_2 (n), level_1, level_2, c_1, c_2

Payoffs are scaled by ``t``: at ``t = 0`` the solution is uniform play, ``t = 1`` is the game.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nashforge.games.compiled import kernel
from nashforge.solvers.risk.kernels import CHI2, CVAR, KL, NEUTRAL, REVERSE_KL

INVISIBLE = 1e-9
"""Probabilities far below this do not influence the other player: their logarithms may move freely."""
FAINT = 1e-4
"""Probabilities below this hardly count in the length of the homotopy's curve."""
STRIDE = 2.0
"""The largest change of a visible logarithm in one Newton step."""
FARTHEST = 1e14
"""Unknowns beyond this hold no digit that matters: the iteration has diverged."""
ENTROPY = 0
FREE, FIXED = 0, 1


@kernel(error_model="numpy")
def _tilt(code: int, psi: float, tau: float, smoothing: float) -> tuple[float, float, float, float]:
    """Return log w, its derivative, h and its derivative."""
    if code in (KL, NEUTRAL):
        return psi, 1.0, psi, 1.0
    if code == CHI2:
        # A vanishing log barrier keeps p positive: 2 (w - 1) - smoothing / w.
        w = np.exp(min(psi, 500.0))
        wall = smoothing * np.exp(min(-psi, 500.0))
        return psi, 1.0, 2.0 * (w - 1.0) - wall, 2.0 * w + wall
    if code == CVAR:
        # A vanishing Fermi-Dirac entropy keeps p within 0 and (1 + tau) y; w = (1 + tau) / (1 + exp(-psi)).
        if psi > 0:
            e = np.exp(-psi)
            return np.log1p(tau) - np.log1p(e), e / (1.0 + e), psi, 1.0
        e = np.exp(psi)
        return np.log1p(tau) + psi - np.log1p(e), 1.0 / (1.0 + e), psi, 1.0
    e = np.exp(min(-psi, 500.0))
    return psi, 1.0, -e, e


@kernel(error_model="numpy")
def residual(
    z: Any,
    A1: Any,
    A2: Any,
    B1: Any,
    B2: Any,
    t: float,
    spec: Any,
    values: Any,
    mode: Any,
    F: Any,
    J: Any,
    D: Any,
) -> None:
    """Write the residual ``F``, its Jacobian ``J`` and its derivative ``D`` in log t.

    Parameters
    ----------
    z
        The unknowns.
    A1, A2, B1, B2
        Scaled payoffs, own actions as rows.
    t
        Scale of all payoffs.
    spec
        Integers: divergence and regulariser of player 1, then of player 2.
    values
        ``tau`` and smoothing of player 1, then of player 2.
    mode
        `FREE` or `FIXED` for each player; the strategy of a fixed player is given, not solved for.
    """
    n, m = A1.shape
    F[:] = 0.0
    J[:, :] = 0.0
    D[:] = 0.0
    size = n + m
    for i in range(2):
        if i == 0:
            A, B, own, other, rows, columns, tilt = A1, B1, 0, n, n, m, size
        else:
            A, B, own, other, rows, columns, tilt = A2, B2, n, 0, m, n, size + m
        level, c = 2 * size + i, 2 * size + 2 + i
        if mode[i] == FIXED:
            for a in range(rows):
                J[own + a, own + a] = 1.0
            for b in range(columns):
                J[tilt + b, tilt + b] = 1.0
            J[level, level] = 1.0
            J[c, c] = 1.0
            continue
        code, regularizer = spec[2 * i], spec[2 * i + 1]
        tau, smoothing = values[2 * i], values[2 * i + 1]
        mass = 0.0
        for b in range(columns):
            log_w, slope, h, rise = _tilt(code, z[tilt + b], tau, smoothing)
            p = np.exp(min(z[other + b] + log_w, 300.0))
            mass += p
            for a in range(rows):
                flow = t * A[a, b] * p
                F[own + a] += flow
                J[own + a, other + b] = flow
                J[own + a, tilt + b] = flow * slope
            J[c, other + b] = p
            J[c, tilt + b] = p * slope
            F[tilt + b] += h - z[c]
            J[tilt + b, tilt + b] = rise
            J[tilt + b, c] = -1.0
        F[c] = mass - 1.0
        total = 0.0
        for a in range(rows):
            D[own + a] = F[own + a]
            x = np.exp(min(z[own + a], 300.0))
            total += x
            if regularizer == ENTROPY:
                F[own + a] -= z[own + a]
                J[own + a, own + a] -= 1.0
            else:
                wall = np.exp(min(-z[own + a], 300.0))
                F[own + a] += wall
                J[own + a, own + a] -= wall
            F[own + a] -= z[level]
            J[own + a, level] = -1.0
            if code != NEUTRAL:
                for b in range(columns):
                    flow = t * B[a, b] * x
                    F[tilt + b] += flow
                    D[tilt + b] += flow
                    J[tilt + b, own + a] = flow
        for a in range(rows):
            J[level, own + a] = np.exp(min(z[own + a], 300.0)) / total
        F[level] = np.log(total)


@kernel(error_model="numpy")
def _visible(logarithm: float) -> float:
    """Return log(INVISIBLE + exp(logarithm)): how a logarithm looks to the other player."""
    return np.log(INVISIBLE + np.exp(min(logarithm, 300.0)))


@kernel(error_model="numpy")
def displacement(z: Any, step: Any, length: float, n: int, m: int, spec: Any, values: Any) -> float:
    """Return the largest change of a visible logarithm when ``z`` moves by ``length * step``."""
    size, largest = n + m, 0.0
    for i in range(2):
        own, other = (0, n) if i == 0 else (n, 0)
        rows, columns = (n, m) if i == 0 else (m, n)
        tilt = size if i == 0 else size + m
        code, regularizer = spec[2 * i], spec[2 * i + 1]
        for a in range(rows):
            k = own + a
            if regularizer == ENTROPY:
                change = abs(_visible(z[k] + length * step[k]) - _visible(z[k]))
            else:
                change = abs(length * step[k])
            largest = max(largest, change)
        for b in range(columns):
            k, j = tilt + b, other + b
            there = z[k] + length * step[k]
            before = z[j] + _tilt(code, z[k], values[2 * i], values[2 * i + 1])[0]
            after = z[j] + length * step[j] + _tilt(code, there, values[2 * i], values[2 * i + 1])[0]
            change = abs(_visible(after) - _visible(before))
            if code == CHI2:
                change = max(change, abs(length * step[k]))
            elif code == CVAR:  # how far p is from its upper bound counts as well
                below = _tilt(code, -there, values[2 * i], values[2 * i + 1])[0]
                change = max(
                    change,
                    abs(_visible(below) - _visible(_tilt(code, -z[k], values[2 * i], values[2 * i + 1])[0])),
                )
            elif code == REVERSE_KL:
                change = max(change, abs(_visible(-there) - _visible(-z[k])))
            largest = max(largest, change)
    return largest


@kernel(error_model="numpy")
def metric(z: Any, n: int, m: int, spec: Any, values: Any) -> Any:
    """Return the matrix ``L`` for which a direction ``d`` in the unknowns and log t has the length ``|L d|``.

    What counts is the change of log x and log p as far as they are visible, and of log t. Tilts alone do not
    count: they balance strategies that vanish.
    """
    size = n + m
    logarithms = np.empty(2 * size)
    made = np.zeros((2 * size + 1, 2 * size + 5))
    for i in range(2):
        own, other = (0, n) if i == 0 else (n, 0)
        rows, columns = (n, m) if i == 0 else (m, n)
        tilt = size if i == 0 else size + m
        logarithms[own : own + rows] = z[own : own + rows]
        for b in range(columns):
            log_w = _tilt(spec[2 * i], z[tilt + b], values[2 * i], values[2 * i + 1])[0]
            logarithms[tilt + b] = z[other + b] + log_w
            made[tilt + b, other + b] = 1.0
    for first, count in ((0, n), (n, m), (size, m), (size + m, n)):
        part = logarithms[first : first + count]
        total, top = 0.0, part.max()
        for k in range(count):
            total += np.exp(part[k] - top)
        for k in range(first, first + count):
            visible = np.exp(logarithms[k] - top) / total
            made[k] *= visible / (visible + FAINT)
            made[k, k] = visible / (visible + FAINT)
    made[2 * size, 2 * size + 4] = 1.0
    return made


@kernel(error_model="numpy")
def newton(
    z: Any,
    A1: Any,
    A2: Any,
    B1: Any,
    B2: Any,
    t: float,
    spec: Any,
    values: Any,
    mode: Any,
    tolerance: float,
    iterations: int,
) -> tuple[bool, int]:
    """Iterate in place until a full step moves nothing visible; return whether it did, and the steps taken.

    A step is shortened so that no visible logarithm moves by more than `STRIDE`.
    """
    n, m = A1.shape
    length = len(z)
    F, J, D = np.empty(length), np.empty((length, length)), np.empty(length)
    for k in range(iterations):
        residual(z, A1, A2, B1, B2, t, spec, values, mode, F, J, D)
        for j in range(length):
            if not np.isfinite(F[j]):
                return False, k
            # An exactly singular matrix would raise: a speck on the diagonal is far below rounding.
            if J[j, j] == 0.0:
                J[j, j] = 1e-300
        step = np.linalg.solve(J, -F)
        for j in range(length):
            if not np.isfinite(step[j]):
                return False, k
        stretch = 1.0
        moved = displacement(z, step, stretch, n, m, spec, values)
        while moved > STRIDE and stretch > 1e-12:
            stretch *= min(0.5, STRIDE / moved) if moved < 1e3 else 0.1
            moved = displacement(z, step, stretch, n, m, spec, values)
        for j in range(length):
            z[j] += stretch * step[j]
            if not abs(z[j]) < FARTHEST:
                return False, k + 1
        if stretch == 1.0 and moved < tolerance:
            return True, k + 1
    return False, iterations
