"""Following the principal branch of equilibria from uniform play to the game, around turning points.

All payoffs are scaled by ``t``. At ``t = 0`` uniform play is the only equilibrium; generically one smooth
curve leads from it to ``t = 1``, which selects an equilibrium as the tracing of logit QRE does (McKelvey,
Palfrey 1995; Turocy 2005). The curve is followed by pseudo-arclength, in the coordinates (unknowns, log t),
so that it may turn back in between.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.risk_averse import newton as kernels
from nashforge.solvers.equilibria.risk_averse.problem import FREE_BOTH, ROUNDING, STILL, WIDE, Problem

Array = npt.NDArray[np.float64]

FADE = 1e-4
"""Probabilities below this hardly count in the length of the curve."""
FIRST, LONGEST, SHORTEST = 0.25, 2.0, 1e-7
ASTRAY, BENT = 0.1, 0.97
"""A step is too long if the curve is farther than this from where the tangent led, or if the cosine of the
angle between the tangents at both ends is less."""
CROSSING = 1e-5
"""Along a curve the determinant of its conditions, bordered by the tangent, keeps its sign: where it does
not, a step has jumped to another curve that passes closely, as where a pitchfork is not quite one. In steps
as short as this the sign may change: then two curves do cross, as they do in symmetric games, and the curve
goes straight on."""


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


class Curve(ABC):
    """Optimality conditions along the curve, bordered by one linear condition.

    Attributes
    ----------
    size : int
        Number of unknowns.
    """

    size: int

    @property
    @abstractmethod
    def magnitude(self) -> float:
        """The largest scaled payoff."""

    @abstractmethod
    def start(self) -> Array:
        """Return the unknowns at uniform play."""

    @abstractmethod
    def land(self, z: Array, t: float, iterations: int = 100) -> bool:
        """Solve at a fixed ``t``, in place."""

    @abstractmethod
    def derivatives(self, z: Array, s: float) -> tuple[Array, Array, Array]:
        """Return the residual at log t = ``s``, its Jacobian, and its derivative in log t."""

    @abstractmethod
    def displacement(self, z: Array, step: Array) -> float:
        """Return the largest visible change that a step makes."""

    @abstractmethod
    def near(self, s: float) -> float:
        """Return the displacement below which a point is on the curve."""

    @abstractmethod
    def ruler(self, z: Array) -> Array:
        """Return the matrix ``L`` for which a direction ``d`` has the length ``|L d|``."""

    @property
    def first_height(self) -> float:
        """The log t at which uniform play nearly solves the game."""
        return min(math.log(1e-3 / max(self.magnitude, 1e-3)), 0.0)

    def bordered(self, z: Array, s: float, row: Array) -> tuple[Array, Array] | None:
        """Return the residual, and its derivatives with a row below; nothing where that is not finite."""
        F, J, D = self.derivatives(z, s)
        n = self.size
        if not np.isfinite(F).all():
            return None
        bordered = np.empty((n + 1, n + 1))
        bordered[:n, :n], bordered[:n, n], bordered[n] = J, D, row
        return F, bordered

    def tangent(self, z: Array, s: float, before: Array) -> tuple[Array, float, Array] | None:
        """Return the direction of the curve on the side of another, the sign of its determinant, and a ruler.

        The direction has length 1. Nothing if there is none.
        """
        ruler = self.ruler(z)
        made = self.bordered(z, s, ruler.T @ (ruler @ before))
        if made is None:
            return None
        found = _solution(made[1], np.append(np.zeros(self.size), 1.0))
        if found is None:
            return None
        direction = np.asarray(found / np.linalg.norm(ruler @ found))
        return direction, float(np.linalg.slogdet(made[1])[0]), ruler

    def correct(self, z: Array, s: float, row: Array) -> tuple[Array, float, int] | None:
        """Return to the curve at right angles to the tangent; nothing if that takes too long or jumps."""
        near = self.near(s)
        for k in range(1, 9):
            made = self.bordered(z, s, row)
            step = None if made is None else _solution(made[1], np.append(-made[0], 0.0))
            if step is None:
                return None
            moved = self.displacement(z, step[:-1])
            if not moved + abs(float(step[-1])) < ASTRAY:
                return None
            z, s = z + step[:-1], s + float(step[-1])
            if not np.abs(z).max() < kernels.FARTHEST:
                return None
            if moved + abs(float(step[-1])) < near:
                return z, s, k
        return None


def _solution(matrix: Array, target: Array) -> Array | None:
    try:
        return np.asarray(np.linalg.solve(matrix, target), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None


class _AggregateCurve(Curve):
    """The conditions of a problem with one adversary a player."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.smoothing = WIDE if problem.kinked else 0.0
        *self.matrices, self.values = problem.scaled(self.smoothing)
        self.size = 2 * sum(problem.shape) + 4
        self._largest = problem.magnitude(self.smoothing)
        self._J = np.empty((self.size, self.size))
        self._F, self._D = np.empty(self.size), np.empty(self.size)

    @property
    def magnitude(self) -> float:
        return self._largest

    def start(self) -> Array:
        return self.problem.start()

    def land(self, z: Array, t: float, iterations: int = 100) -> bool:
        return self.problem.solve(z, t=t, smoothing=self.smoothing, iterations=iterations)[0]

    def derivatives(self, z: Array, s: float) -> tuple[Array, Array, Array]:
        kernels.residual(
            z,
            self.matrices[0],
            self.matrices[1],
            self.matrices[2],
            self.matrices[3],
            math.exp(s),
            self.problem.spec,
            self.values,
            FREE_BOTH,
            self._F,
            self._J,
            self._D,
        )
        return self._F, self._J, self._D

    def displacement(self, z: Array, step: Array) -> float:
        n, m = self.problem.shape
        return float(kernels.displacement(z, step, 1.0, n, m, self.problem.spec, self.values))

    def near(self, s: float) -> float:
        return max(1e-9, 10.0 * max(STILL, ROUNDING * math.exp(s) * self._largest))

    def ruler(self, z: Array) -> Array:
        n, m = self.problem.shape
        return np.asarray(kernels.ruler(z, n, m, self.problem.spec, self.values, FADE))


def trace(problem: Problem) -> Branch:
    """Follow the principal branch of a problem to its full payoffs."""
    return follow(_AggregateCurve(problem))


def follow(curve: Curve, most_steps: int = 3000) -> Branch:
    """Follow a curve from uniform play to the full payoffs."""
    s = curve.first_height
    z = curve.start()
    if not curve.land(z, math.exp(s)):
        return Branch(None, 0, 0, math.exp(s))
    start = curve.tangent(z, s, np.append(np.zeros(curve.size), 1.0))
    if start is None:
        return Branch(None, 0, 0, math.exp(s))
    tangent, sign, ruler = start
    length, turns, reached, step = FIRST, 0, s, 0
    while s < 0.0 and step < most_steps:
        row, usual = ruler.T @ (ruler @ tangent), length
        while length >= SHORTEST:
            if s + length * float(tangent[-1]) >= 0.0:  # the game itself is within this step: land on it
                found = _landed(curve, z - s / float(tangent[-1]) * tangent[:-1])
            else:
                found = curve.correct(z + length * tangent[:-1], s + length * float(tangent[-1]), row)
            following = None if found is None else curve.tangent(found[0], found[1], tangent)
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
        (tangent, sign, ruler), reached, step = following, max(reached, s), step + 1
        length = min(length * (1.5 if used <= 3 else 1.0 if used <= 5 else 0.7), LONGEST)
    return Branch(z if s >= 0.0 else None, step, turns, math.exp(reached))


def _landed(curve: Curve, ahead: Array) -> tuple[Array, float, int] | None:
    """Return the point of the curve at the full payoffs that is near another; nothing if there is none."""
    landed = ahead.copy()
    if curve.land(landed, 1.0, iterations=12) and curve.displacement(ahead, landed - ahead) < ASTRAY:
        return landed, 0.0, 0
    return None
