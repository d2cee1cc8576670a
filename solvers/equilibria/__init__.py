"""Equilibria of matrix and Markov games: Nash, logit QRE, risk-averse quantal response, security.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.solvers.equilibria.bimatrix import nash, security
    from nashforge.solvers.equilibria.logit import qre
    from nashforge.solvers.equilibria.risk_averse.best_response import best_reply
    from nashforge.solvers.equilibria.risk_averse.solver import Equilibrium, rqe

_HOME = {
    "Equilibrium": "nashforge.solvers.equilibria.risk_averse.solver",
    "best_reply": "nashforge.solvers.equilibria.risk_averse.best_response",
    "nash": "nashforge.solvers.equilibria.bimatrix",
    "qre": "nashforge.solvers.equilibria.logit",
    "rqe": "nashforge.solvers.equilibria.risk_averse.solver",
    "security": "nashforge.solvers.equilibria.bimatrix",
}

__all__ = ["Equilibrium", "best_reply", "nash", "qre", "rqe", "security"]

__getattr__ = on_first_use(__name__, _HOME)
