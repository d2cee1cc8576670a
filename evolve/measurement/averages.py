"""Whether a CFR rule had an average when it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.evolve.evaluation.metrics import AVERAGED

if TYPE_CHECKING:
    from nashforge.evolve.measurement.evaluator import ProgramResult


def averaged(measured: ProgramResult) -> bool | None:
    """Return whether a rule had an average; None: it was not measured, or is no CFR rule."""
    if measured.program.domain != "cfr" or measured.value is None:
        return None
    return all(score.metric != AVERAGED for score in measured.scores)
