"""Equilibria of matrix and Markov games: Nash, logit QRE, risk-averse quantal response, security.

Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
