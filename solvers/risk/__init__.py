"""Risk-adjusted utilities: what a strategy is worth when partners may deviate from what is expected of them.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.solvers.risk.measures import DIVERGENCES, Risk, RiskError
    from nashforge.solvers.risk.regularizers import REGULARIZERS
    from nashforge.solvers.risk.utility import RiskAdjusted, risk_adjusted

_HOME = {
    "DIVERGENCES": "nashforge.solvers.risk.measures",
    "Risk": "nashforge.solvers.risk.measures",
    "RiskError": "nashforge.solvers.risk.measures",
    "REGULARIZERS": "nashforge.solvers.risk.regularizers",
    "RiskAdjusted": "nashforge.solvers.risk.utility",
    "risk_adjusted": "nashforge.solvers.risk.utility",
}

__all__ = ["DIVERGENCES", "REGULARIZERS", "Risk", "RiskAdjusted", "RiskError", "risk_adjusted"]

__getattr__ = on_first_use(__name__, _HOME)
