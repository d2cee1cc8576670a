"""Equilibria of matrix and Markov games: Nash, logit QRE, risk-averse quantal response, security.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from solvers.equilibria.logit import qre
    from solvers.equilibria.programs import nash, security
    from solvers.equilibria.reply import best_reply
    from solvers.equilibria.risk_averse import Equilibrium, rqe

_HOME = {
    "Equilibrium": "solvers.equilibria.risk_averse",
    "best_reply": "solvers.equilibria.reply",
    "nash": "solvers.equilibria.programs",
    "qre": "solvers.equilibria.logit",
    "rqe": "solvers.equilibria.risk_averse",
    "security": "solvers.equilibria.programs",
}

__all__ = ["Equilibrium", "best_reply", "nash", "qre", "rqe", "security"]

__getattr__ = on_first_use(__name__, _HOME)
