"""Homotopies from uniform play to a game, along which all payoffs are scaled by ``t``.

At ``t = 0`` uniform play is the only equilibrium; generically one smooth curve, the principal branch, leads
from it to ``t = 1``, which selects an equilibrium as it does for logit QRE (McKelvey, Palfrey 1995; Turocy
2005). `trace_branch` follows it by pseudo-arclength, in the coordinates (unknowns, log t), around turning
points. `continue_payoffs` only lets ``t`` grow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.risk_averse.newton import FARTHEST
from nashforge.solvers.equilibria.risk_averse.problem import Problem

Array = npt.NDArray[np.float64]

FIRST, LONGEST, SHORTEST = 0.25, 2.0, 1e-7
ASTRAY, BENT = 0.1, 0.97
"""A step is too long if the curve is farther than this from where the tangent led, or if the cosine of the
angle between the tangents at both ends is less."""
CROSSING = 1e-5
"""Along a curve the determinant of its conditions, bordered by the tangent, keeps its sign: where it does
not, a step has jumped to another curve that passes closely, as where a pitchfork is not quite one. In steps
as short as this the sign may change: then two curves do cross, as they do in symmetric games, and the curve
goes straight on."""
SHORTEST_GROWTH = 1e-3
"""The least factor, as a logarithm, by which payoffs grow in a step of `continue_payoffs`."""


@dataclass(frozen=True)
class Branch:
    """The end of a traced branch.

    Attributes
    ----------
    z : ndarray or None
        Unknowns at ``t = 1``; nothing if the curve was lost on the way.
    steps : int
        Points on the curve.
    turns : int
        Turning points in ``t``; with any, some intermediate game has several equilibria.
    reached : float
        The largest ``t`` on the curve.
    """

    z: Array | None
    steps: int
    turns: int
    reached: float


def continue_payoffs(problem: Problem, z: Array) -> tuple[bool, int]:
    """Solve a problem in place, from uniform play, with Newton's method at growing payoffs.

    Cheaper than tracing the curve, and as good where it does not turn back: for best responses always, for
    equilibria where the parameters make them unique. Elsewhere it may jump from one branch of equilibria to
    another.

    Returns
    -------
    bool
        Whether the full payoffs were reached.
    int
        Newton iterations used.
    """
    largest = problem.magnitude(problem.smoothing)
    s, stride, total = (min(math.log(0.1 / largest), 0.0) if largest > 0 else 0.0), 0.0, 0
    while stride > SHORTEST_GROWTH or stride == 0.0:
        trial, ahead = z.copy(), min(s + stride, 0.0)
        done, used = problem.solve(trial, math.exp(ahead), problem.smoothing, iterations=20)
        total += used
        if done:
            z[:], s = trial, ahead
            if s >= 0.0:
                done, used = problem.sharpen(z)
                return done, total + used
            stride = max(1.5 * stride, 0.5)
        else:
            stride *= 0.5
            if stride == 0.0:
                break
    return False, total


def trace_branch(problem: Problem, most_steps: int = 3000) -> Branch:
    """Follow the principal branch from uniform play to the full payoffs."""
    s = min(
        math.log(1e-3 / max(problem.magnitude(problem.smoothing), 1e-3)), 0.0
    )  # nearly solved by uniform play
    z = problem.start()
    if not problem.solve(z, math.exp(s), problem.smoothing)[0]:
        return Branch(None, 0, 0, math.exp(s))
    start = _tangent(problem, z, s, np.append(np.zeros(problem.size), 1.0))
    if start is None:
        return Branch(None, 0, 0, math.exp(s))
    tangent, sign, metric = start
    length, turns, reached, step = FIRST, 0, s, 0
    while s < 0.0 and step < most_steps:
        row, usual = metric.T @ (metric @ tangent), length
        while length >= SHORTEST:
            if s + length * float(tangent[-1]) >= 0.0:  # the game itself is within this step: land on it
                found = _landed(problem, z - s / float(tangent[-1]) * tangent[:-1])
            else:
                found = _corrected(problem, z + length * tangent[:-1], s + length * float(tangent[-1]), row)
            following = None if found is None else _tangent(problem, found[0], found[1], tangent)
            if found is not None and following is not None:
                before = following[2] @ tangent
                straight = before @ (following[2] @ following[0]) >= BENT * np.linalg.norm(before)
                if straight and (following[1] == sign or length <= CROSSING):
                    break
                length *= 0.2 if straight else 0.5
            else:
                length *= 0.5
        else:
            break
        z, s, used = found
        turns += int(following[0][-1] * tangent[-1] < 0)
        if following[1] != sign:
            length = 0.5 * usual  # beyond the crossing the curve is as smooth as before
        (tangent, sign, metric), reached, step = following, max(reached, s), step + 1
        length = min(length * (1.5 if used <= 3 else 1.0 if used <= 5 else 0.7), LONGEST)
    return Branch(z if s >= 0.0 else None, step, turns, math.exp(reached))


def _bordered(problem: Problem, z: Array, s: float, row: Array) -> tuple[Array, Array]:
    """Return the residual, continued by 0, and its derivatives in unknowns and log t with a row below."""
    F, J, D = problem.residual(z, math.exp(s))
    n = len(F)
    residual, matrix = np.zeros(n + 1), np.empty((n + 1, n + 1))
    residual[:n], matrix[:n, :n], matrix[:n, n], matrix[n] = F, J, D, row
    return residual, matrix


def _tangent(problem: Problem, z: Array, s: float, before: Array) -> tuple[Array, float, Array] | None:
    """Return the direction of the curve on the side of another, the sign of its determinant, and the metric.

    The direction has length 1. Nothing if there is none.
    """
    metric = problem.metric(z)
    residual, matrix = _bordered(problem, z, s, metric.T @ (metric @ before))
    if not np.isfinite(residual).all():
        return None
    residual[:-1], residual[-1] = 0.0, 1.0
    try:
        direction = np.linalg.solve(matrix, residual)
    except np.linalg.LinAlgError:
        return None
    return direction / np.linalg.norm(metric @ direction), float(np.linalg.slogdet(matrix)[0]), metric


def _corrected(problem: Problem, z: Array, s: float, row: Array) -> tuple[Array, float, int] | None:
    """Return to the curve at right angles to the tangent; nothing if that takes too long or jumps."""
    near = max(1e-9, 10.0 * problem.still(math.exp(s), problem.smoothing))
    for k in range(1, 9):
        residual, matrix = _bordered(problem, z, s, row)
        if not np.isfinite(residual).all():
            return None
        try:
            step: Array = np.linalg.solve(matrix, -residual).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            return None
        climbed = float(step[-1])
        moved = problem.displacement(z, step[:-1]) + abs(climbed)
        z, s = z + step[:-1], s + climbed
        if not moved < ASTRAY or not np.abs(z).max() < FARTHEST:
            return None
        if moved < near:
            return z, s, k
    return None


def _landed(problem: Problem, ahead: Array) -> tuple[Array, float, int] | None:
    """Return the point of the curve at the full payoffs that is near another; nothing if there is none."""
    landed = ahead.copy()
    done, _ = problem.solve(landed, 1.0, problem.smoothing, iterations=12)
    return (landed, 0.0, 0) if done and problem.displacement(ahead, landed - ahead) < ASTRAY else None
