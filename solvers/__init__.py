"""Exact solvers over the sequence form: CFR, best responses, exploitability.

>>> from solvers import solve
>>> solve("kuhn_poker", rule="dcfr", iterations=1000).exploitability < 1e-3
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from solvers.cfr.rules import rule_names, rule_source
    from solvers.cfr.solve import NoAverageWarning, Solution, solve
    from solvers.openspiel import from_openspiel, to_openspiel
    from solvers.profile import (
        PolicyError,
        Profile,
        best_response,
        best_response_values,
        expected_values,
        exploitability,
        nash_conv,
        uniform_profile,
    )

# Imported on first use: the sandbox loads solvers.cfr.interface and must load nothing else.
_HOME = {
    "solve": "solvers.cfr.solve",
    "Solution": "solvers.cfr.solve",
    "NoAverageWarning": "solvers.cfr.solve",
    "rule_names": "solvers.cfr.rules",
    "rule_source": "solvers.cfr.rules",
    "to_openspiel": "solvers.openspiel",
    "from_openspiel": "solvers.openspiel",
    "PolicyError": "solvers.profile",
    "Profile": "solvers.profile",
    "best_response": "solvers.profile",
    "best_response_values": "solvers.profile",
    "expected_values": "solvers.profile",
    "exploitability": "solvers.profile",
    "nash_conv": "solvers.profile",
    "uniform_profile": "solvers.profile",
}

__all__ = [
    "NoAverageWarning",
    "PolicyError",
    "Profile",
    "Solution",
    "best_response",
    "best_response_values",
    "expected_values",
    "exploitability",
    "from_openspiel",
    "nash_conv",
    "rule_names",
    "rule_source",
    "solve",
    "to_openspiel",
    "uniform_profile",
]

__getattr__ = on_first_use(__name__, _HOME)
