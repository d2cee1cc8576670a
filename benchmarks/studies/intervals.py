"""Confidence intervals over training runs, for statistics in which every run meets every other.

Entries of a cross-play matrix that share a run are not independent, so that their plain standard error is too
small. The jackknife leaves out one run at a time, with all pairs it takes part in. For a plain mean over runs
it is Student's interval. Source: Arvesen (1969), "Jackknifing U-statistics".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, in the units of the statistic."""

    value: float
    low: float
    high: float


def jackknife(statistic: Callable[[Indices], float], runs: int, confidence: float = 0.95) -> Interval:
    """Return a statistic of several runs with a confidence interval.

    Parameters
    ----------
    statistic
        What to estimate, from the indices of the runs to use.
    runs
        How many there are, at least 3: statistics of pairs need two when one is left out.

    Raises
    ------
    ValueError
        With fewer than three runs.
    """
    if runs < 3:
        raise ValueError(f"an interval over pairs of runs needs at least 3 runs; got {runs}")
    everyone = np.arange(runs)
    value = float(statistic(everyone))
    without = np.array([statistic(np.delete(everyone, k)) for k in range(runs)])
    error = float(np.sqrt((runs - 1) / runs * ((without - without.mean()) ** 2).sum()))
    half = float(stdtrit(runs - 1, (1 + confidence) / 2)) * error
    return Interval(value, value - half, value + half)
