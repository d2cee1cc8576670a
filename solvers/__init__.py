"""Exact solvers over the sequence form: CFR, best responses, exploitability.

>>> from nashforge.solvers import solve
>>> solve("kuhn_poker", rule="dcfr", iterations=1000).exploitability < 1e-3
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.solvers.cfr.rules import rule_names, rule_source
    from nashforge.solvers.cfr.solve import NoAverageWarning, Solution, solve
    from nashforge.solvers.sequence_form.openspiel import from_openspiel, to_openspiel
    from nashforge.solvers.sequence_form.profile import (
        PolicyError,
        Profile,
        best_response,
        best_response_values,
        expected_values,
        exploitability,
        nash_conv,
        uniform_profile,
    )

# Imported on first use: the sandbox loads nashforge.solvers.cfr.interface and must load nothing else.
_HOME = {
    "solve": "nashforge.solvers.cfr.solve",
    "Solution": "nashforge.solvers.cfr.solve",
    "NoAverageWarning": "nashforge.solvers.cfr.solve",
    "rule_names": "nashforge.solvers.cfr.rules",
    "rule_source": "nashforge.solvers.cfr.rules",
    "to_openspiel": "nashforge.solvers.sequence_form.openspiel",
    "from_openspiel": "nashforge.solvers.sequence_form.openspiel",
    "PolicyError": "nashforge.solvers.sequence_form.profile",
    "Profile": "nashforge.solvers.sequence_form.profile",
    "best_response": "nashforge.solvers.sequence_form.profile",
    "best_response_values": "nashforge.solvers.sequence_form.profile",
    "expected_values": "nashforge.solvers.sequence_form.profile",
    "exploitability": "nashforge.solvers.sequence_form.profile",
    "nash_conv": "nashforge.solvers.sequence_form.profile",
    "uniform_profile": "nashforge.solvers.sequence_form.profile",
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
