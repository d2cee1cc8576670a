"""Exact solvers over the sequence form: CFR, best responses, exploitability.

>>> from nashforge.solvers import solve
>>> solve("kuhn_poker", rule="dcfr", iterations=1000).exploitability < 1e-3
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.solvers.cfr.rules import rule_names as rule_names
    from nashforge.solvers.cfr.rules import rule_source as rule_source
    from nashforge.solvers.programs.solution import NoAverageWarning as NoAverageWarning
    from nashforge.solvers.programs.solution import ScaleWarning as ScaleWarning
    from nashforge.solvers.programs.solution import Solution as Solution
    from nashforge.solvers.sequence_form.openspiel import from_openspiel as from_openspiel
    from nashforge.solvers.sequence_form.openspiel import to_openspiel as to_openspiel
    from nashforge.solvers.sequence_form.profile import PolicyError as PolicyError
    from nashforge.solvers.sequence_form.profile import Profile as Profile
    from nashforge.solvers.sequence_form.profile import best_response as best_response
    from nashforge.solvers.sequence_form.profile import best_response_values as best_response_values
    from nashforge.solvers.sequence_form.profile import expected_values as expected_values
    from nashforge.solvers.sequence_form.profile import exploitability as exploitability
    from nashforge.solvers.sequence_form.profile import nash_conv as nash_conv
    from nashforge.solvers.sequence_form.profile import uniform_profile as uniform_profile
    from nashforge.solvers.solving import solve as solve

# Imported on first use: the sandbox loads nashforge.solvers.cfr.interface and must load nothing else.
__all__, __getattr__, __dir__ = exports(__name__)
