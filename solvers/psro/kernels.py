"""Compiled kernels of PSRO: best responses with ties, mixtures of plans, what meta-solvers do with rows.

All of them are compiled (or taken from the cache on disk) when this module is imported, because a confined
program cannot compile: signatures are explicit, and arrays that are only read are declared so, since the
shared arrays of the sandbox cannot be written by a program. Nothing here allocates.
"""

from __future__ import annotations

import math
from typing import Any

from numba import float64, int64, types, uint32

from nashforge.games.compiled import kernel


def read(dtype: Any, dimensions: int) -> Any:
    """Return the type of arrays that a kernel reads only."""
    return types.Array(dtype, dimensions, "C", readonly=True)


_VECTOR, _MATRIX = float64[::1], float64[:, ::1]
_BY_ROW = types.void(read(float64, 2), float64, _MATRIX)


@kernel(float64(read(uint32, 1), read(uint32, 1), _VECTOR, _VECTOR, _VECTOR, float64))
def tied_response_pass(
    start: Any, parent: Any, value: Any, size: Any, policy: Any, tolerance: float
) -> float:
    """Pass values up a treeplex with the maximum, and write the policy that splits ties uniformly.

    ``value`` holds counterfactual payoffs on entry and best counterfactual values on return; ``size`` the
    same of absolute payoffs. Actions whose values lie within ``tolerance`` times the largest ``size`` of the
    information set are tied: values of nothing but cancelled terms differ by rounding alone. Returns the
    best-response value.
    """
    for i in range(len(parent) - 1, -1, -1):
        best = value[start[i]]
        largest = size[start[i]]
        for a in range(start[i] + 1, start[i + 1]):
            best = max(best, value[a])
            largest = max(largest, size[a])
        limit = best - tolerance * largest
        count = 0
        for a in range(start[i], start[i + 1]):
            if value[a] >= limit:
                count += 1
        for a in range(start[i], start[i + 1]):
            policy[a] = 1.0 / count if value[a] >= limit else 0.0
        value[parent[i]] += best
        size[parent[i]] += largest
    return value[len(value) - 1]  # type: ignore[no-any-return]


@kernel(types.void(read(float64, 1), read(float64, 2), _VECTOR))
def mix(weights: Any, plans: Any, out: Any) -> None:
    """Mix realisation plans: ``out = sum_i weights[i] plans[i]``, rows of zero weight skipped."""
    out[:] = 0.0
    for i in range(len(weights)):
        w = weights[i]
        if w != 0.0:
            for s in range(len(out)):
                out[s] += w * plans[i, s]


@kernel(types.void(read(float64, 2), int64, read(float64, 1), _VECTOR))
def products(plans: Any, count: int, value: Any, out: Any) -> None:
    """Write the scalar product of each of the first ``count`` rows with a vector."""
    for i in range(count):
        total = 0.0
        for s in range(len(value)):
            total += plans[i, s] * value[s]
        out[i] = total


@kernel(_BY_ROW)
def softmax(x: Any, temperature: float, out: Any) -> None:
    """Write exp(x / temperature) of each row, normalised."""
    for p in range(len(x)):
        row, into = x[p], out[p]
        largest = row.max()
        total = 0.0
        for i in range(len(row)):
            into[i] = math.exp((row[i] - largest) / temperature)
            total += into[i]
        for i in range(len(row)):
            into[i] /= total


@kernel(_BY_ROW)
def normalize(x: Any, least: float, out: Any) -> None:
    """Write the positive part of each row over its sum; uniform where the sum is at most ``least``."""
    for p in range(len(x)):
        row, into = x[p], out[p]
        total = 0.0
        for i in range(len(row)):
            into[i] = max(row[i], 0.0)
            total += into[i]
        for i in range(len(row)):
            into[i] = into[i] / total if total > least else 1.0 / len(row)


@kernel(_BY_ROW)
def center(x: Any, unused: float, out: Any) -> None:
    """Write each row less its mean."""
    for p in range(len(x)):
        row, into = x[p], out[p]
        total = 0.0
        for i in range(len(row)):
            total += row[i]
        mean = total / len(row)
        for i in range(len(row)):
            into[i] = row[i] - mean


@kernel(_BY_ROW)
def rescale(x: Any, least: float, out: Any) -> None:
    """Write each row over its largest magnitude, where that is more than ``least``."""
    for p in range(len(x)):
        row, into = x[p], out[p]
        largest = 0.0
        for i in range(len(row)):
            largest = max(largest, abs(row[i]))
        scale = 1.0 / largest if largest > least else 1.0
        for i in range(len(row)):
            into[i] = row[i] * scale


@kernel(_BY_ROW)
def project(x: Any, least: float, out: Any) -> None:
    """Write the mixture nearest to each row whose weights are at least ``least`` (Euclidean).

    Source: Held, Wolfe, Crowder (1974); the threshold is found by sorting.
    """
    for p in range(len(x)):
        row, into = x[p], out[p]
        count = len(row)
        mass = 1.0 - count * least
        for i in range(count):
            into[i] = row[i] - least
        into.sort()
        total = 0.0
        threshold = 0.0
        for k in range(1, count + 1):
            entry = into[count - k]
            total += entry
            if entry * k > total - mass:
                threshold = (total - mass) / k
        for i in range(count):
            into[i] = max(row[i] - least - threshold, 0.0) + least


@kernel(types.void(read(float64, 2), read(float64, 2), _MATRIX))
def advantages(payoffs: Any, strategies: Any, out: Any) -> None:
    """Write each row of payoffs less what the strategy of that row earns."""
    for p in range(len(payoffs)):
        row, strategy, into = payoffs[p], strategies[p], out[p]
        mean = 0.0
        for i in range(len(row)):
            mean += row[i] * strategy[i]
        for i in range(len(row)):
            into[i] = row[i] - mean
