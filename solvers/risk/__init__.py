"""Risk-adjusted utilities: what a strategy is worth when partners may deviate from what is expected of them.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.solvers.risk.measures import DIVERGENCES as DIVERGENCES
    from nashforge.solvers.risk.measures import Risk as Risk
    from nashforge.solvers.risk.measures import RiskError as RiskError
    from nashforge.solvers.risk.regularizers import REGULARIZERS as REGULARIZERS
    from nashforge.solvers.risk.utility import RiskAdjusted as RiskAdjusted
    from nashforge.solvers.risk.utility import risk_adjusted as risk_adjusted

__all__, __getattr__, __dir__ = exports(__name__)
