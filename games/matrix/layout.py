"""The layout of payoff matrices: everywhere player 1's actions are the rows of both, as in nashpy and Gambit.

Formulas that are the same for both players want each player's own actions as rows. This is the one place
that goes from one layout to the other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def own_rows(payoffs_1: Array, payoffs_2: Array) -> tuple[Array, Array]:
    """Return both matrices with the player's own actions as rows: shapes ``(n, m)`` and ``(m, n)``.

    Given are both with player 1's actions as rows. The map is its own inverse.
    """
    return np.ascontiguousarray(payoffs_1), np.ascontiguousarray(np.asarray(payoffs_2).T)
