"""Logit quantal response equilibria of matrix games: the risk-neutral case of RQE.

Every player plays the softmax of its expected payoffs times ``lambda = 1 / epsilon``. Source: McKelvey,
Palfrey (1995), Quantal Response Equilibria for Normal Form Games.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nashforge.solvers.equilibria.inputs import GameLike, pair
from nashforge.solvers.equilibria.risk_averse.aggregate import make_problem
from nashforge.solvers.equilibria.risk_averse.solver import Equilibrium, solve
from nashforge.solvers.risk.measures import RiskError


def qre(game: GameLike, payoffs_2: object = None, *, rationality: Sequence[float] | float) -> Equilibrium:
    """Return a logit quantal response equilibrium of a matrix game of two players.

    Parameters
    ----------
    game, payoffs_2
        Both players' payoffs, the row player's actions as rows of both, or a whole game: as in `nash`.
    rationality
        The parameter lambda, positive, for both players or one each, in units of 1 / utility.

    Returns
    -------
    Equilibrium
        The one on the principal branch (see `Equilibrium.principal`), with others that were found.

    Raises
    ------
    RiskError
        If an argument is not valid.
    """
    values = pair("rationality", rationality)
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise RiskError(f"rationality (lambda) must be positive and finite for both players; got {values}")
    problem = make_problem(
        game,
        payoffs_2,
        tau=(0.0, 0.0),
        epsilon=(1.0 / values[0], 1.0 / values[1]),
        divergence="neutral",
        regularizer="entropy",
    )
    return solve(problem)
