"""Social metrics of an episode, and their means with confidence intervals over several.

Definitions: Perolat et al. (2017), "A multi-agent reinforcement learning model of common-pool resource
appropriation", with two repairs: equality is undefined, not 1, where a group earns nothing or loses, and the
worst-off agent and the Gini coefficient of shifted returns stand beside it.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

METRICS = ("efficiency", "equality", "sustainability", "peace", "min_reward", "gini")
"""In the order of tables."""

POPULATION = ("founder_return", "head_return", "population", "spawned")
"""Where agents spawn and leave."""

FAULTS = ("invalid_actions", "exceptions", "slow_answers")
"""Faults of policies in an episode that are forgiven; counted beside the metrics."""

LOWER_IS_BETTER = ("gini", *FAULTS)

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """A metric over several episodes.

    Attributes
    ----------
    mean : float or None
        None where it is undefined in every episode.
    low, high : float or None
        95 % confidence interval of the mean (Student's t); None below two episodes.
    count : int
        Episodes in which it is defined.
    """

    mean: float | None
    low: float | None
    high: float | None
    count: int


def social_metrics(
    returns: npt.NDArray[np.float64],
    tally: npt.NDArray[np.int64],
    horizon: int,
    lived: npt.NDArray[np.int64] | None = None,
) -> dict[str, float | None]:
    """Return the metrics of an episode; None where one is undefined. Who never lived does not count.

    Parameters
    ----------
    returns
        Sum of the rewards of each agent, shape ``(agents,)``.
    tally
        What agents did, see `nashforge.games.dilemmas.kernels`.
    horizon
        Steps of the episode.
    lived
        Steps in which each agent was there, shape ``(agents,)``; None: all of them.

    Returns
    -------
    dict
        ``efficiency`` (sum of returns per step), ``equality`` (1 - sum |R_i - R_j| / (2 N sum R), undefined
        unless the sum is positive), ``sustainability`` (mean step of positive rewards, averaged over the
        agents that have any), ``peace`` (agents in the game in a mean step), ``min_reward`` (smallest return)
        and ``gini`` (of returns less the smallest where that is negative).
    """
    from nashforge.games.dilemmas import kernels  # with numba, which who reads the names needs not

    lived = np.full(len(returns), horizon) if lived is None else lived
    returns, tally = returns[lived > 0], tally[:, lived > 0]
    agents, total = len(returns), float(returns.sum())
    differences = float(np.abs(returns[:, None] - returns).sum())
    shifted = total - agents * min(float(returns.min()), 0.0)
    count = tally[kernels.INCOME_COUNT]
    earning = count > 0
    steps = tally[kernels.INCOME_STEPS][earning] / count[earning]
    return {
        "efficiency": total / horizon,
        "equality": 1.0 - differences / (2 * agents * total) if total > 0 else None,
        "sustainability": float(steps.mean()) if len(steps) else None,
        "peace": int(lived.sum() - tally[kernels.FROZEN].sum()) / horizon,
        "min_reward": float(returns.min()),
        "gini": differences / (2 * agents * shifted) if shifted > 0 else 0.0,
    }


def population_metrics(
    returns: npt.NDArray[np.float64], lived: npt.NDArray[np.int64], founders: int, horizon: int
) -> dict[str, float | None]:
    """Return what came of a group whose agents spawn and leave.

    Returns
    -------
    dict
        ``founder_return`` and ``head_return`` (sum of returns, less what children cost, by founder and by
        agent that ever lived), ``population`` (agents there in a mean step) and ``spawned`` (children).
    """
    heads, total = int(np.count_nonzero(lived)), float(returns.sum())
    return {
        "founder_return": total / founders,
        "head_return": total / heads,
        "population": int(lived.sum()) / horizon,
        "spawned": float(heads - founders),
    }


def summarise(values: Iterable[float | None]) -> Summary:
    """Return the mean of the defined values, with its interval."""
    known = [value for value in values if value is not None]
    if not known:
        return Summary(None, None, None, 0)
    # Rounded once: the mean of equal numbers is that number, with an interval of no width.
    mean = statistics.fmean(known)
    if len(known) < 2:
        return Summary(mean, None, None, 1)
    from scipy.special import stdtrit

    error = statistics.stdev(known) / len(known) ** 0.5
    half = float(stdtrit(len(known) - 1, (1 + CONFIDENCE) / 2)) * error
    return Summary(mean, mean - half, mean + half, len(known))


def summaries(episodes: Sequence[Mapping[str, Any]]) -> dict[str, Summary]:
    """Return every metric over episodes, given as `social_metrics` returns them."""
    names = [*METRICS, *(POPULATION if all(POPULATION[0] in episode for episode in episodes) else ())]
    return {name: summarise(episode[name] for episode in episodes) for name in names}
