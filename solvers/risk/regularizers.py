"""Convex regularisers of a player's own strategy: negative entropy and the log barrier.

A player of bounded rationality maximises ``u . x - eps nu(x)``. Players are never averse to their own mixing.

Source: Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.games.naming import choice
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]

ENTROPY, BARRIER = 0, 1
REGULARIZERS = {"entropy": ENTROPY, "barrier": BARRIER}
"""``entropy``: nu = sum x log x. ``barrier``: nu = -sum log x. And their numbers in the kernels."""


def regularizer_code(name: str) -> int:
    """Return the number of a regulariser, or raise a `RiskError` that names the known ones."""
    if name not in REGULARIZERS:
        raise RiskError(f"there is no regularizer {name!r}; {choice(name, REGULARIZERS)}")
    return REGULARIZERS[name]


def nu(regularizer: str, x: Array) -> float:
    """Return nu(x); the barrier is infinite at the boundary."""
    if regularizer_code(regularizer) == ENTROPY:
        return float(np.sum(x * np.log(np.maximum(x, 1e-300))))
    return float(-np.sum(np.log(x))) if (x > 0).all() else float("inf")


def nu_gradient(regularizer: str, x: Array) -> Array:
    """Return the gradient of nu, shape of ``x``; infinite slopes at the boundary are cut at 1e300."""
    safe = np.maximum(x, 1e-300)
    return np.log(safe) + 1.0 if regularizer_code(regularizer) == ENTROPY else -1.0 / safe


def quantal_response(regularizer: str, payoffs: Array, epsilon: float) -> Array:
    """Return the strategy that maximises ``payoffs . x - epsilon nu(x)``, shape ``(actions,)``.

    Softmax of ``payoffs / epsilon`` for the entropy; ``epsilon / (mu - payoffs)`` with ``mu`` such that it
    sums to one for the barrier.
    """
    if regularizer_code(regularizer) == ENTROPY:
        weights = np.exp((payoffs - payoffs.max()) / epsilon)
        return np.asarray(weights / weights.sum())
    loss = (payoffs.max() - payoffs) / epsilon
    # sum 1 / (s + loss) = 1: Newton on the harmonic mean, monotone from below, as 1 <= s <= actions.
    s = 1.0
    for _ in range(100):
        weights = 1.0 / (s + loss)
        total = float(weights.sum())
        step = (total - 1.0) * total / float(np.sum(weights * weights))
        s += step
        if abs(step) <= 1e-15 * s:
            break
    weights = 1.0 / (s + loss)
    return np.asarray(weights / weights.sum())


def regret(regularizer: str, payoffs: Array, x: Array, epsilon: float) -> float:
    """Return what a quantal response would gain over ``x`` against fixed payoffs, never negative.

    ``max_z (payoffs . z - epsilon nu(z)) - (payoffs . x - epsilon nu(x))``, written as a Bregman divergence,
    so that it keeps its digits close to zero: ``epsilon KL(x || z)`` for the entropy, the Itakura-Saito
    divergence for the barrier.
    """
    if regularizer_code(regularizer) == ENTROPY:
        logits = (payoffs - payoffs.max()) / epsilon
        logits -= np.log(np.exp(logits).sum())
        ratio = np.log(np.maximum(x, 1e-300)) - logits
        return max(float(epsilon * np.sum(np.where(x > 0, x * ratio, 0.0))), 0.0)
    if not (x > 0).all():
        return float("inf")
    surplus = x / quantal_response(regularizer, payoffs, epsilon) - 1.0
    return max(float(epsilon * np.sum(surplus - np.log1p(surplus))), 0.0)
