"""Confidence intervals where plain standard errors are too small: runs that meet, games of a family.

Entries of a cross-play matrix that share a run are not independent. The jackknife leaves out one run at a
time, with all pairs it takes part in. For a plain mean over runs it is Student's interval. Source: Arvesen
(1969), "Jackknifing U-statistics".

Nor are games of one family independent: what wins on one member wins on most. The cluster bootstrap draws
whole families, with replacement. Source: Field and Welsh (2007), "Bootstrapping clustered data".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
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


def cluster_bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    rng: np.random.Generator,
    *,
    samples: int = 10_000,
    confidence: float = 0.95,
) -> Interval:
    """Return the mean of values with a percentile interval over clusters drawn with replacement.

    Parameters
    ----------
    values
        What to average.
    clusters
        The cluster of each value; at least two different ones.
    samples
        How often all clusters are drawn.

    Raises
    ------
    ValueError
        Unless there are as many clusters as values, and two different ones.
    """
    if len(values) != len(clusters):
        raise ValueError(f"every value needs a cluster; got {len(values)} values, {len(clusters)} clusters")
    names = list(dict.fromkeys(clusters))
    if len(names) < 2:
        raise ValueError(f"an interval over clusters needs at least 2 of them; got {len(names)}")
    place = {name: k for k, name in enumerate(names)}
    member = np.array([place[name] for name in clusters])
    sums = np.bincount(member, weights=np.asarray(values, dtype=float))
    counts = np.bincount(member)
    drawn = rng.integers(len(names), size=(samples, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(np.mean(values)), float(low), float(high))
