"""Restricted games whose payoffs were simulated: symmetric, zero-sum, of two players, known up to noise.

One population serves both seats. What a meta-solver returns for the two seats is averaged: of a zero-sum game
that is symmetric, the mean of two equilibrium strategies is one, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.programs.session import find_class, load_module
from nashforge.solvers.psro.interface import MetaSolver, normalize
from nashforge.solvers.psro.meta_solvers import LIBRARY
from nashforge.solvers.psro.restricted.operator import TensorGame

Array = npt.NDArray[np.float64]

STANDARD_ERRORS = 1.96
"""Half the width of intervals: 95 %, if means of matches are distributed normally."""


@dataclass(frozen=True)
class Estimate:
    """A mean of matches with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        The estimate and its interval; ``nan`` for the latter where there was a single match.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, error: float) -> Estimate:
        """Return the estimate of this standard error."""
        return cls(value, value - STANDARD_ERRORS * error, value + STANDARD_ERRORS * error)


def mixture(solver: str, payoffs: Array, sizes: Sequence[int]) -> Array:
    """Return how a meta-solver of the library mixes the policies of a population for training.

    Parameters
    ----------
    solver
        Its name: files are not taken for one, as runs of others name solvers, too, and they are not confined.
    payoffs
        Of the row's policy against the column's, shape ``(policies, policies)``, antisymmetric.
    sizes
        How many policies, of the first, there were in each iteration so far. Solvers with a state see all of
        them again, so that the answer depends on nothing else.

    Returns
    -------
    ndarray of float64
        Shape ``(sizes[-1],)``, not negative, of sum 1.

    Raises
    ------
    nashforge.solvers.programs.library.NotInLibraryError
        If there is no such meta-solver.
    nashforge.solvers.psro.interface.UnsuitableGameError
        If it cannot play such games.
    """
    namespace = load_module(LIBRARY.source(solver), solver)
    instance = find_class(namespace, MetaSolver)(2, len(sizes))
    weights: Array = np.zeros((2, 0))
    for t, size in enumerate(sizes, 1):
        # Of either player: the other's policies along the first axis, its own along the last.
        own = np.ascontiguousarray(payoffs[:size, :size].T).ravel()
        weights = np.asarray(instance.train(t, TensorGame(2, size, np.stack([own, own]), size)))
    return np.asarray(normalize(normalize(weights).mean(axis=0)))


def exploitability(weights: Array, payoffs: Array, errors: Array) -> tuple[Estimate, int]:
    """Return the most that an opponent wins from a mixture of policies, and which opponent that is.

    It is the largest of noisy means, so that it is too large rather than too small.

    Parameters
    ----------
    weights
        Of the policies, shape ``(policies,)``, of sum 1.
    payoffs, errors
        Means and standard errors of the policies' payoffs against each opponent, shape
        ``(policies, opponents)``.
    """
    won = 0.0 - weights @ payoffs
    worst = int(won.argmax())
    error = float(np.sqrt(weights**2 @ errors[:, worst] ** 2))
    return Estimate.of(float(won[worst]), error), worst


def mean_payoff(weights: Array, payoffs: Array, errors: Array) -> Estimate:
    """Return what a mixture of policies earns against an opponent that is drawn uniformly; see above."""
    count = payoffs.shape[1]
    error = float(np.sqrt((np.outer(weights, np.full(count, 1 / count)) ** 2 * errors**2).sum()))
    return Estimate.of(float((weights @ payoffs).mean()), error)
