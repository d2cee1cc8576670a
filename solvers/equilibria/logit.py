"""Logit quantal response equilibria of matrix games: the risk-neutral case of RQE.

Every player plays the softmax of its expected payoffs times ``lambda = 1 / epsilon``. Source: McKelvey,
Palfrey (1995), Quantal Response Equilibria for Normal Form Games.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy.typing as npt

from solvers.equilibria.problem import make_problem, pair
from solvers.equilibria.risk_averse import Equilibrium, solve
from solvers.equilibria.tracing import trace
from solvers.risk.measures import RiskError


def qre(
    payoffs_1: npt.ArrayLike, payoffs_2: npt.ArrayLike, *, rationality: Sequence[float] | float
) -> Equilibrium:
    """Return a logit quantal response equilibrium of a matrix game of two players.

    Parameters
    ----------
    payoffs_1, payoffs_2
        Each player's payoffs with its own actions as rows.
    rationality
        The parameter lambda, positive, for both players or one each, in units of 1 / utility.

    Returns
    -------
    Equilibrium
        Where several are found, the one on the principal branch.

    Raises
    ------
    RiskError
        If an argument is not valid.
    """
    values = pair("rationality", rationality)
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise RiskError(f"rationality (lambda) must be positive and finite for both players; got {values}")
    problem = make_problem(
        payoffs_1,
        payoffs_2,
        tau=(0.0, 0.0),
        epsilon=(1.0 / values[0], 1.0 / values[1]),
        divergence="neutral",
        regularizer="entropy",
    )
    return solve(problem, "unproven", lambda: trace(problem))
