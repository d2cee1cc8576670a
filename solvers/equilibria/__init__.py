"""Equilibria of matrix and Markov games: Nash, logit QRE, risk-averse quantal response, security.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.solvers.equilibria.bimatrix import nash as nash
    from nashforge.solvers.equilibria.bimatrix import security as security
    from nashforge.solvers.equilibria.concepts import solve_concept as solve_concept
    from nashforge.solvers.equilibria.logit import qre as qre
    from nashforge.solvers.equilibria.normal_form.stackelberg import stackelberg as stackelberg
    from nashforge.solvers.equilibria.risk_averse.best_response import best_response as best_response
    from nashforge.solvers.equilibria.risk_averse.solver import Equilibrium as Equilibrium
    from nashforge.solvers.equilibria.risk_averse.solver import rqe as rqe
    from nashforge.solvers.equilibria.solutions import ConceptSolution as ConceptSolution

__all__, __getattr__, __dir__ = exports(__name__)
