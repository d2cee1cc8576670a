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

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.archive.store import Archive
    from nashforge.games.compilation.compiler import compile
    from nashforge.games.disguises import disguise
    from nashforge.games.sequence_form import SequenceForm
    from nashforge.games.suites import load_suite, suite_names
    from nashforge.solvers.cfr.rules import rule_names, rule_source
    from nashforge.solvers.cfr.solve import Solution, solve
    from nashforge.solvers.equilibria.bimatrix import nash, security
    from nashforge.solvers.equilibria.logit import qre
    from nashforge.solvers.equilibria.risk_averse.solver import rqe
    from nashforge.solvers.psro.solve import solve_psro
    from nashforge.solvers.sequence_form.openspiel import from_openspiel, to_openspiel
    from nashforge.solvers.sequence_form.profile import (
        best_response,
        expected_values,
        exploitability,
        nash_conv,
        uniform_profile,
    )

    __version__: str

_HOME = {
    "Archive": "nashforge.archive.store",
    "SequenceForm": "nashforge.games.sequence_form",
    "Solution": "nashforge.solvers.cfr.solve",
    "best_response": "nashforge.solvers.sequence_form.profile",
    "compile": "nashforge.games.compilation.compiler",
    "disguise": "nashforge.games.disguises",
    "expected_values": "nashforge.solvers.sequence_form.profile",
    "exploitability": "nashforge.solvers.sequence_form.profile",
    "from_openspiel": "nashforge.solvers.sequence_form.openspiel",
    "load_suite": "nashforge.games.suites",
    "nash": "nashforge.solvers.equilibria.bimatrix",
    "nash_conv": "nashforge.solvers.sequence_form.profile",
    "qre": "nashforge.solvers.equilibria.logit",
    "rqe": "nashforge.solvers.equilibria.risk_averse.solver",
    "rule_names": "nashforge.solvers.cfr.rules",
    "rule_source": "nashforge.solvers.cfr.rules",
    "security": "nashforge.solvers.equilibria.bimatrix",
    "solve": "nashforge.solvers.cfr.solve",
    "solve_psro": "nashforge.solvers.psro.solve",
    "suite_names": "nashforge.games.suites",
    "to_openspiel": "nashforge.solvers.sequence_form.openspiel",
    "uniform_profile": "nashforge.solvers.sequence_form.profile",
}

__all__ = [
    "Archive",
    "SequenceForm",
    "Solution",
    "__version__",
    "best_response",
    "compile",
    "disguise",
    "expected_values",
    "exploitability",
    "from_openspiel",
    "load_suite",
    "nash",
    "nash_conv",
    "qre",
    "rqe",
    "rule_names",
    "rule_source",
    "security",
    "solve",
    "solve_psro",
    "suite_names",
    "to_openspiel",
    "uniform_profile",
]

_find = on_first_use(__name__, _HOME)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("nashforge")
    return _find(name)


def __dir__() -> list[str]:
    return sorted(__all__)
