"""Nashforge: discover game-theoretic algorithms, and use them.

>>> import nashforge as nf
>>> nf.solve("kuhn_poker", rule="dcfr", iterations=1000).exploitability < 1e-3
True

Names are imported on first use, so that ``import nashforge`` loads neither OpenSpiel nor numpy. What is not
here is in the packages: `nashforge.games`, `nashforge.solvers`, `nashforge.evolve`, `nashforge.archive`,
`nashforge.prompts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.archive.store import Archive as Archive
    from nashforge.benching import bench as bench
    from nashforge.games.compilation.compiler import compile as compile
    from nashforge.games.disguises import disguise as disguise
    from nashforge.games.sequence_form import SequenceForm as SequenceForm
    from nashforge.games.suites import load_suite as load_suite
    from nashforge.games.suites import suite_names as suite_names
    from nashforge.reading import Program as Program
    from nashforge.reading import open_archive as open_archive
    from nashforge.running import Run as Run
    from nashforge.searching import search as search
    from nashforge.solvers.cfr.rules import rule_names as rule_names
    from nashforge.solvers.cfr.rules import rule_source as rule_source
    from nashforge.solvers.equilibria.bimatrix import nash as nash
    from nashforge.solvers.equilibria.bimatrix import security as security
    from nashforge.solvers.equilibria.concepts import equilibrium as equilibrium
    from nashforge.solvers.equilibria.logit import qre as qre
    from nashforge.solvers.equilibria.normal_form.stackelberg import stackelberg as stackelberg
    from nashforge.solvers.equilibria.risk_averse.solver import rqe as rqe
    from nashforge.solvers.mccfr.solver import MCCFR as MCCFR
    from nashforge.solvers.programs.solution import Solution as Solution
    from nashforge.solvers.sequence_form.openspiel import from_openspiel as from_openspiel
    from nashforge.solvers.sequence_form.openspiel import to_openspiel as to_openspiel
    from nashforge.solvers.sequence_form.profile import best_response as best_response
    from nashforge.solvers.sequence_form.profile import expected_values as expected_values
    from nashforge.solvers.sequence_form.profile import exploitability as exploitability
    from nashforge.solvers.sequence_form.profile import nash_conv as nash_conv
    from nashforge.solvers.sequence_form.profile import uniform_profile as uniform_profile
    from nashforge.solvers.solving import solve as solve
    from nashforge.solvers.stepping import CFR as CFR
    from nashforge.solvers.stepping import PSRO as PSRO
    from nashforge.solvers.stepping import Solver as Solver

    __version__: str
_names, _find, _ = exports(__name__)
__all__ = sorted([*_names, "__version__"])


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("nashforge")
    return _find(name)


def __dir__() -> list[str]:
    return __all__
