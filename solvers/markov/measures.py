"""Measures of stationary policies in a Markov game, from its first state: matrix definitions, discounted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solvers.equilibria.stationary import guaranteed_values, policy_values, reply_values
from solvers.markov.tasks import MarkovTask
from solvers.risk.measures import Risk

Array = npt.NDArray[np.float64]


def markov_measures(task: MarkovTask, policies: tuple[Array, Array]) -> dict[str, float]:
    """Return exploitability, risk-adjusted value, security value and welfare, in units of utility.

    All are sums of discounted rewards, expected over the first state. Values are means over players, welfare
    is their sum; regularisers do not count.
    """
    game, how = task.game, task.how
    neutral: list[float] = []
    averse: list[float] = []
    gained: list[float] = []
    secure: list[float] = []
    for i in range(2):
        plain = {"epsilon": 0.0, "regularizer": how.regularizer, "discount": task.discount}
        expected = policy_values(game, policies, i, risk=Risk(0.0), **plain)  # type: ignore[arg-type]
        feared = policy_values(game, policies, i, risk=Risk(how.tau[i], how.divergence), **plain)  # type: ignore[arg-type]
        best = reply_values(game, policies, i, risk=Risk(0.0), **plain)  # type: ignore[arg-type]
        least = guaranteed_values(game, policies, i, discount=task.discount)
        for found, values in zip(
            (neutral, averse, gained, secure), (expected, feared, best - expected, least), strict=True
        ):
            found.append(float(game.initial @ values))
    return {
        "exploitability": max(float(np.mean(gained)), 0.0),
        "risk_adjusted_value": float(np.mean(averse)),
        "security_value": float(np.mean(secure)),
        "welfare": float(np.sum(neutral)),
    }
