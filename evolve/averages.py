"""Whether a CFR rule had an average when it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evolve.evaluate import Measured

AVERAGED = "averaged"
"""What is measured, as 0, of a rule that had given no policy a weight: uniform play stood for its average."""


def averaged(measured: Measured) -> bool | None:
    """Return whether a rule had an average; None: it was not measured, or is no CFR rule."""
    if measured.program.domain != "cfr" or measured.value is None:
        return None
    return all(score.metric != AVERAGED for score in measured.scores)
