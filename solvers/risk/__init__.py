"""Risk-adjusted utilities: what a strategy is worth when partners may deviate from what is expected of them.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from solvers.risk.measures import DIVERGENCES, Risk, RiskError
    from solvers.risk.regularizers import REGULARIZERS
    from solvers.risk.utility import RiskAdjusted, risk_adjusted

_HOME = {
    "DIVERGENCES": "solvers.risk.measures",
    "Risk": "solvers.risk.measures",
    "RiskError": "solvers.risk.measures",
    "REGULARIZERS": "solvers.risk.regularizers",
    "RiskAdjusted": "solvers.risk.utility",
    "risk_adjusted": "solvers.risk.utility",
}

__all__ = ["DIVERGENCES", "REGULARIZERS", "Risk", "RiskAdjusted", "RiskError", "risk_adjusted"]

__getattr__ = on_first_use(__name__, _HOME)
