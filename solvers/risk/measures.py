"""Convex risk measures of a player: a divergence, and the aversion to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.errors import NashforgeError
from nashforge.games.naming import choice
from nashforge.solvers.risk import kernels

Array = npt.NDArray[np.float64]

DIVERGENCES = {
    "neutral": kernels.NEUTRAL,
    "kl": kernels.KL,
    "reverse_kl": kernels.REVERSE_KL,
    "chi2": kernels.CHI2,
    "cvar": kernels.CVAR,
}
"""The price of the adversary's deviation from y to p, and its number in the kernels.

``kl``: KL(p || y). ``reverse_kl``: KL(y || p). ``chi2``: sum (p - y)^2 / y. ``cvar``: nothing while
p <= (1 + tau) y, so that the value is the mean of the worst fraction 1 / (1 + tau) of outcomes.
"""


class RiskError(NashforgeError, ValueError):
    """Parameters of risk, strategies or payoffs that make no sense together."""

    exit_code = 2


@dataclass(frozen=True)
class Risk:
    """A convex risk measure.

    Attributes
    ----------
    tau : float
        Aversion to risk in units of 1 / utility (for ``cvar`` a pure number), at least 0: 0 is risk-neutral,
        larger is more averse, the limit is the worst case.
    divergence : str
        A key of `DIVERGENCES`.
    """

    tau: float
    divergence: str = "kl"

    def __post_init__(self) -> None:
        if self.divergence not in DIVERGENCES:
            raise RiskError(
                f"there is no divergence {self.divergence!r}; {choice(self.divergence, DIVERGENCES)}"
            )
        if not (math.isfinite(self.tau) and self.tau >= 0):
            raise RiskError(
                f"tau must be finite and at least 0; got {self.tau}; the limit of large tau is the concept "
                "of security strategies"
            )

    @property
    def code(self) -> int:
        """Number of the measure in the kernels; a vanishing ``tau`` is neutral."""
        return DIVERGENCES[self.divergence] if self.tau > 0 else kernels.NEUTRAL

    def value(self, payoffs: npt.ArrayLike, reference: npt.ArrayLike) -> float:
        """Return the risk-adjusted value of payoffs under a reference distribution, in units of utility."""
        return self.worst_case(payoffs, reference)[0]

    def worst_case(self, payoffs: npt.ArrayLike, reference: npt.ArrayLike) -> tuple[float, Array, Array]:
        """Return the value, the adversary's distribution, and the gradient in the reference.

        Parameters
        ----------
        payoffs
            Shape ``(outcomes,)``.
        reference
            What the adversary departs from: a distribution, shape ``(outcomes,)``.

        Raises
        ------
        RiskError
            If the shapes differ, payoffs are not finite, or the reference is not a distribution.
        """
        v = check_vector("payoffs", payoffs)
        y = check_strategy("the reference", reference, len(v))
        p, slope = np.empty(len(v)), np.empty(len(v))
        value = float(kernels.measure(self.code, v, y, self.tau, p, slope))
        return value, p, slope


def check_vector(name: str, given: npt.ArrayLike) -> Array:
    """Return a non-empty vector of finite numbers, contiguous, or raise a `RiskError`."""
    vector = np.ascontiguousarray(given, dtype=np.float64)
    if vector.ndim != 1 or len(vector) == 0 or not np.isfinite(vector).all():
        raise RiskError(f"{name} must be a vector of finite numbers; got {np.asarray(given)!r}")
    return vector


def check_payoffs(name: str, given: npt.ArrayLike) -> Array:
    """Return a matrix of finite payoffs, contiguous, or raise a `RiskError`."""
    matrix = np.ascontiguousarray(given, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape or not np.isfinite(matrix).all():
        raise RiskError(
            f"{name} must be a matrix of finite numbers with the player's own actions as rows; got shape "
            f"{matrix.shape}"
        )
    return matrix


def check_strategy(name: str, given: npt.ArrayLike, actions: int) -> Array:
    """Return a distribution over ``actions``, contiguous, or raise a `RiskError`."""
    strategy = np.ascontiguousarray(given, dtype=np.float64)
    if strategy.shape != (actions,):
        raise RiskError(f"{name} must have one probability for each of {actions} actions; got {strategy!r}")
    if not (strategy >= 0).all() or not abs(strategy.sum() - 1.0) <= 1e-9:
        raise RiskError(f"{name} must be non-negative and sum to 1; got {strategy.tolist()}")
    return strategy
