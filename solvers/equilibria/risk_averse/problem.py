"""Risk-averse quantal response equilibria as problems for Newton's method and for the homotopy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nashforge.solvers.risk.measures import Risk
from nashforge.solvers.risk.regularizers import quantal_response

Array = npt.NDArray[np.float64]

FLAT = 1e-300
"""The range of payoffs that are all alike: none, but for divisions."""
STILL, ROUNDING = 1e-12, 4e-15
"""Newton has converged when a full step changes no visible logarithm by more: absolutely, or relative to the
largest scaled payoff, which is what rounding allows."""
WIDE, SHARP = 0.1, 1e-12
"""Sharpness of the adversary's bounds: first, and beyond the last."""


@dataclass(frozen=True, eq=False)
class Problem(ABC):
    """Two players with their payoffs, risk and regularisers, and the conditions under which both are optimal.

    The unknowns are one vector that begins with the logarithms of both strategies. Payoffs are scaled by
    ``t``: at ``t = 0`` uniform play is the solution, ``t = 1`` is the game.

    Attributes
    ----------
    payoffs : tuple of two ndarrays
        Own actions as rows: shapes ``(n, m)`` and ``(m, n)``.
    risks : tuple of two Risk
    epsilons : tuple of two floats
        Weights of the regulariser, positive, in units of utility.
    regularizer : str
        ``entropy`` or ``barrier``.
    """

    payoffs: tuple[Array, Array]
    risks: tuple[Risk, Risk]
    epsilons: tuple[float, float]
    regularizer: str

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of each player."""
        n, m = self.payoffs[0].shape
        return n, m

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return sum(self.shape)

    @cached_property
    def centred(self) -> tuple[Array, Array]:
        """Payoffs less their medians: a constant changes no decision, and its rounding errors would.

        A median is near most payoffs, whatever a few penalties are.
        """
        return levelled(self.payoffs[0]), levelled(self.payoffs[1])

    @cached_property
    def ranges(self) -> tuple[float, float]:
        """Range of each player's payoffs."""
        first, second = (max(float(np.ptp(payoff)), FLAT) for payoff in self.payoffs)
        return first, second

    @property
    def kinked(self) -> bool:
        """Whether a divergence bounds the adversary, so that its wall has to be sharpened step by step."""
        return False

    @property
    def smoothing(self) -> float:
        """Sharpness of the adversary's bounds along the homotopy."""
        return WIDE if self.kinked else 0.0

    @property
    @abstractmethod
    def regime(self) -> str:
        """The class of parameters, for which uniqueness may be proven; see `Equilibrium.regime`."""

    @abstractmethod
    def magnitude(self, smoothing: float) -> float:
        """Return the largest scaled payoff, from which steps of the homotopy are chosen."""

    @abstractmethod
    def solve(
        self, z: Array, t: float = 1.0, smoothing: float = 0.0, iterations: int = 100
    ) -> tuple[bool, int]:
        """Let Newton's method improve ``z`` in place; return whether it converged, and its iterations."""

    @abstractmethod
    def residual(self, z: Array, t: float) -> tuple[Array, Array, Array]:
        """Return the residual, its Jacobian, and its derivative in log t, along the homotopy."""

    @abstractmethod
    def displacement(self, z: Array, step: Array) -> float:
        """Return the largest change of a visible logarithm that a step makes."""

    @abstractmethod
    def metric(self, z: Array) -> Array:
        """Return the matrix ``L`` by which a direction ``d`` in unknowns and log t has length ``|L d|``."""

    @abstractmethod
    def adversaries(self, z: Array) -> tuple[Array, Array]:
        """Return what each player fears of the other: worst-case distributions."""

    @abstractmethod
    def gaps(self, z: Array) -> tuple[float, float]:
        """Return for each player an upper bound on what its best response gains, zero at an equilibrium."""

    @abstractmethod
    def stakes(self, z: Array) -> tuple[float, float]:
        """Return what is at stake for each player against what it fears, see `several.stake`."""

    @abstractmethod
    def utilities(self, player: int, partner: Array) -> Array:
        """Return what each own action is worth against a partner's strategy."""

    def responses(self, strategies: Sequence[Array]) -> tuple[Array, Array]:
        """Return both players' quantal responses to strategies."""
        first, second = (
            quantal_response(self.regularizer, self.utilities(i, strategies[1 - i]), self.epsilons[i])
            for i in range(2)
        )
        return first, second

    def still(self, t: float, smoothing: float) -> float:
        """Return the displacement below which Newton's method has converged, see `STILL`."""
        return max(STILL, ROUNDING * t * self.magnitude(smoothing))

    def sharpen(self, z: Array) -> tuple[bool, int]:
        """Solve the game itself, in place."""
        return self.solve(z)

    def start(self, strategies: Sequence[Array] | None = None) -> Array:
        """Return unknowns at given strategies (uniform by default), adversaries at what they expect."""
        z = np.zeros(self.size)
        first, second = strategies or (np.full(actions, 1.0 / actions) for actions in self.shape)
        z[: sum(self.shape)] = np.log(np.maximum(np.concatenate([first, second]), 1e-300))
        return z

    def log_strategies(self, z: Array) -> tuple[Array, Array]:
        """Return the logarithms of both strategies, which may lie far below what a float can hold."""
        n, m = self.shape
        first, second = z[:n], z[n : n + m]
        return first - np.logaddexp.reduce(first), second - np.logaddexp.reduce(second)

    def strategies(self, z: Array) -> tuple[Array, Array]:
        """Return both strategies."""
        first, second = (np.exp(logarithm) for logarithm in self.log_strategies(z))
        return first / first.sum(), second / second.sum()


def levelled(payoffs: Array) -> Array:
    """Return payoffs less their median."""
    return np.ascontiguousarray(
        payoffs - np.partition(payoffs, payoffs.size // 2, axis=None)[payoffs.size // 2]
    )
