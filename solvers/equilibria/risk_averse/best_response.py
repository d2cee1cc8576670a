"""The best response of a risk-averse player of bounded rationality to what it expects of its partner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.risk_averse.aggregate import AggregateProblem
from nashforge.solvers.equilibria.risk_averse.homotopy import continue_payoffs
from nashforge.solvers.equilibria.risk_averse.newton import FIXED, FREE
from nashforge.solvers.risk.kernels import NEUTRAL
from nashforge.solvers.risk.measures import Risk, RiskError, check_payoffs, check_strategy
from nashforge.solvers.risk.regularizers import nu, quantal_response
from nashforge.solvers.risk.utility import AGGREGATE, PER_ACTION, action_utilities, check_notion

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BestResponse:
    """A best response.

    Attributes
    ----------
    strategy : ndarray of shape (own actions,)
    value : float
        Its regularised risk-adjusted utility.
    gap : float
        Upper bound on what any other strategy is worth more.
    """

    strategy: Array
    value: float
    gap: float


def regularized_value(
    payoffs: Array,
    x: Array,
    y: Array,
    risk: Risk,
    epsilon: float,
    regularizer: str,
    notion: str = AGGREGATE,
) -> float:
    """Return ``U^tau(x, y) - epsilon nu(x)``, in units of utility."""
    penalty = epsilon * nu(regularizer, x) if epsilon > 0 else 0.0
    if notion == PER_ACTION:
        return float(x @ action_utilities(payoffs, y, risk)[0]) - penalty
    return risk.value(x @ payoffs, y) - penalty


def best_response(
    payoffs: npt.ArrayLike,
    partner: npt.ArrayLike,
    *,
    tau: float,
    epsilon: float,
    divergence: str = "kl",
    regularizer: str = "entropy",
    risk: str = AGGREGATE,
) -> BestResponse:
    """Return the strategy that maximises ``U^tau(x, y) - epsilon nu(x)`` against a partner's strategy ``y``.

    Parameters
    ----------
    payoffs
        Own actions as rows, shape ``(own actions, partner actions)``.
    partner
        What the player expects of its partner.
    tau, epsilon, divergence, regularizer, risk
        As in `nashforge.solvers.equilibria.rqe`; ``epsilon`` must be positive.

    Raises
    ------
    RiskError
        If an argument is not valid.
    """
    matrix = check_payoffs("payoffs", payoffs)
    y = check_strategy("the partner's strategy", partner, matrix.shape[1])
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise RiskError(f"epsilon must be positive and finite; got {epsilon}")
    check_notion(risk)
    measure = Risk(tau, divergence)
    if measure.code == NEUTRAL or risk == PER_ACTION:
        utilities = action_utilities(matrix, y, measure)[0]
        x = quantal_response(regularizer, utilities, epsilon)
        return BestResponse(x, float(x @ utilities) - epsilon * nu(regularizer, x), 0.0)
    # The partner's strategy is held fixed, so that it needs no payoffs of its own.
    problem = AggregateProblem(
        payoffs=(matrix, np.zeros(matrix.shape[::-1])),
        risks=(measure, Risk(0.0)),
        epsilons=(epsilon, 1.0),
        regularizer=regularizer,
        mode=(FREE, FIXED),
    )
    uniform = np.full(len(matrix), 1.0 / len(matrix))
    z = problem.start((uniform, y))
    if not problem.sharpen(z)[0]:
        z = problem.start((uniform, y))
        continue_payoffs(problem, z)
    x = problem.strategies(z)[0]
    value = regularized_value(matrix, x, y, measure, epsilon, regularizer)
    return BestResponse(x, value, problem.gaps(z)[0])
