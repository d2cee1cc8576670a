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

from solvers.equilibria import kernels
from solvers.equilibria.problem import FREE_BOTH, WIDE, Problem, still

Array = npt.NDArray[np.float64]

FADE = 1e-4
"""Probabilities below this hardly count in the length of the curve."""
FIRST, LONGEST, SHORTEST = 0.25, 2.0, 1e-7


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

    def solve(self, z: Array, s: float, row: Array, right: float) -> Array | None:
        """Solve for minus the residual and ``row . solution = right``; nothing if that is singular."""
        F, J, D = self.derivatives(z, s)
        n = self.size
        if not np.isfinite(F).all():
            return None
        bordered = np.empty((n + 1, n + 1))
        bordered[:n, :n], bordered[:n, n], bordered[n] = J, D, row
        # The tangent is wanted on the curve, where the residual is zero but for rounding.
        target = np.append(-F if right == 0.0 else np.zeros(n), right)
        try:
            return np.linalg.solve(bordered, target)
        except np.linalg.LinAlgError:
            return None

    def correct(self, z: Array, s: float, row: Array) -> tuple[Array, float, int] | None:
        """Return to the curve at right angles to the tangent; nothing if that takes too long or jumps."""
        near = self.near(s)
        for k in range(1, 9):
            step = self.solve(z, s, row, 0.0)
            if step is None:
                return None
            moved = self.displacement(z, step[:-1])
            if not moved + abs(float(step[-1])) < 1.0:
                return None
            z, s = z + step[:-1], s + float(step[-1])
            if not np.abs(z).max() < kernels.FARTHEST:
                return None
            if moved + abs(float(step[-1])) < near:
                return z, s, k
        return None


class _AggregateCurve(Curve):
    """The conditions of a problem with one adversary a player."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.smoothing = WIDE if problem.kinked else 0.0
        *self.matrices, self.values = problem.scaled(self.smoothing)
        self.size = 2 * sum(problem.shape) + 4
        self._J = np.empty((self.size, self.size))
        self._F, self._D = np.empty(self.size), np.empty(self.size)

    @property
    def magnitude(self) -> float:
        return self.problem.magnitude(self.smoothing)

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
        return max(1e-9, 10.0 * still(self.matrices, math.exp(s)))

    def ruler(self, z: Array) -> Array:
        # What counts is the change of log x and log p as far as they are visible, and of log t. Tilts alone
        # do not count: they balance strategies that vanish.
        n, m = self.problem.shape
        visible = np.concatenate([*self.problem.strategies(z), *self.problem.adversaries(z)])
        ruler = np.zeros((self.size - 3, self.size + 1))
        free = np.arange(2 * (n + m))
        ruler[free, free] = visible / (visible + FADE)
        for first, other, count in ((n + m, n, m), (n + 2 * m, 0, n)):
            slots = np.arange(count)
            ruler[first + slots, other + slots] = ruler[first + slots, first + slots]
        ruler[-1, -1] = 1.0
        return ruler


def trace(problem: Problem) -> Branch:
    """Follow the principal branch of a problem to its full payoffs."""
    return follow(_AggregateCurve(problem))


def follow(curve: Curve, most_steps: int = 3000) -> Branch:
    """Follow a curve from uniform play to the full payoffs."""
    s = curve.first_height
    z = curve.start()
    if not curve.land(z, math.exp(s)):
        return Branch(None, 0, 0, math.exp(s))
    direction = np.append(np.zeros(curve.size), 1.0)
    length, turns, reached, step = FIRST, 0, s, 0
    while s < 0.0 and step < most_steps:
        ruler = curve.ruler(z)
        tangent = curve.solve(z, s, ruler.T @ (ruler @ direction), 1.0)
        if tangent is None:
            break
        tangent /= np.linalg.norm(ruler @ tangent)
        turns += int(tangent[-1] * direction[-1] < 0)
        direction = tangent
        while length >= SHORTEST:
            if s + length * float(tangent[-1]) >= 0.0:  # the game itself is within this step: land on it
                ahead = z - s / float(tangent[-1]) * tangent[:-1]
                if curve.land(ahead, 1.0, iterations=12):
                    return Branch(ahead, step + 1, turns, 1.0)
            else:
                ahead = z + length * tangent[:-1]
                back = curve.correct(ahead, s + length * float(tangent[-1]), ruler.T @ (ruler @ tangent))
                if back is not None:
                    break
            length *= 0.5
        else:
            break
        z, s, used = back
        reached, step = max(reached, s), step + 1
        length = min(length * (1.5 if used <= 3 else 1.0 if used <= 5 else 0.7), LONGEST)
    return Branch(z if s >= 0.0 else None, step, turns, math.exp(reached))
