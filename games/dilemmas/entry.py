"""The entry game behind agents that spawn: how many there will be, and how many there should be.

N agents share a common yield Y(N), concave in N, and each costs c to bring in. A planner stops where one more
adds less than its cost; who enters for its own share stops where that is less, which is later: the tragedy
of the commons (Gordon 1954). For Y(N) = A N^a with 0 < a < 1, planned and free entry are
(a A / c)^(1 / (1 - a)) and (A / c)^(1 / (1 - a)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def planned_entry(yields: Floats, cost: float) -> int:
    """Return the number of agents N, counted from 1, with the largest Y(N) - c N.

    Parameters
    ----------
    yields
        Y(1), Y(2), ..., shape ``(numbers,)``.
    cost
        Of an agent.
    """
    numbers = np.arange(1, len(yields) + 1)
    return int(numbers[(np.asarray(yields) - cost * numbers).argmax()])


def free_entry(yields: Floats, cost: float) -> int:
    """Return the largest number of agents N whose share Y(N) / N is worth its cost; 0 if there is none.

    Parameters
    ----------
    yields
        Y(1), Y(2), ..., shape ``(numbers,)``.
    cost
        Of an agent.
    """
    numbers = np.arange(1, len(yields) + 1)
    paying = numbers[np.asarray(yields) >= cost * numbers]
    return int(paying[-1]) if len(paying) else 0
