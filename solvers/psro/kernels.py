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


@kernel(float64(read(uint32, 1), read(uint32, 1), _VECTOR, _VECTOR, float64))
def tied_response_pass(start: Any, parent: Any, value: Any, policy: Any, tolerance: float) -> float:
    """Pass values up a treeplex with the maximum, and write the policy that splits ties uniformly.

    ``value`` holds counterfactual payoffs on entry and best counterfactual values on return. Actions whose
    values lie within ``tolerance`` times the largest magnitude of the information set are tied. Returns the
    best-response value.
    """
    for i in range(len(parent) - 1, -1, -1):
        best = value[start[i]]
        size = abs(best)
        for a in range(start[i] + 1, start[i + 1]):
            best = max(best, value[a])
            size = max(size, abs(value[a]))
        limit = best - tolerance * size
        count = 0
        for a in range(start[i], start[i + 1]):
            if value[a] >= limit:
                count += 1
        for a in range(start[i], start[i + 1]):
            policy[a] = 1.0 / count if value[a] >= limit else 0.0
        value[parent[i]] += best
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


@kernel(types.void(read(float64, 1), float64, _VECTOR))
def softmax(x: Any, temperature: float, out: Any) -> None:
    """Write exp(x / temperature), normalised."""
    largest = x.max()
    total = 0.0
    for i in range(len(x)):
        out[i] = math.exp((x[i] - largest) / temperature)
        total += out[i]
    for i in range(len(x)):
        out[i] /= total


@kernel(types.void(read(float64, 1), float64, _VECTOR))
def normalize(x: Any, least: float, out: Any) -> None:
    """Write the positive part divided by its sum; uniform where the sum is at most ``least``."""
    total = 0.0
    for i in range(len(x)):
        out[i] = max(x[i], 0.0)
        total += out[i]
    for i in range(len(x)):
        out[i] = out[i] / total if total > least else 1.0 / len(x)


@kernel(types.void(read(float64, 1), float64, _VECTOR))
def center(x: Any, unused: float, out: Any) -> None:
    """Write x less its mean."""
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    mean = total / len(x)
    for i in range(len(x)):
        out[i] = x[i] - mean


@kernel(types.void(read(float64, 1), float64, _VECTOR))
def rescale(x: Any, least: float, out: Any) -> None:
    """Write x divided by its largest magnitude, where that is more than ``least``."""
    largest = 0.0
    for i in range(len(x)):
        largest = max(largest, abs(x[i]))
    scale = 1.0 / largest if largest > least else 1.0
    for i in range(len(x)):
        out[i] = x[i] * scale


@kernel(types.void(read(float64, 1), float64, _VECTOR))
def project(x: Any, least: float, out: Any) -> None:
    """Write the nearest mixture whose weights are at least ``least`` (Euclidean).

    Source: Held, Wolfe, Crowder (1974); the threshold is found by sorting.
    """
    count = len(x)
    mass = 1.0 - count * least
    for i in range(count):
        out[i] = x[i] - least
    out.sort()
    total = 0.0
    threshold = 0.0
    for k in range(1, count + 1):
        entry = out[count - k]
        total += entry
        if entry * k > total - mass:
            threshold = (total - mass) / k
    for i in range(count):
        out[i] = max(x[i] - least - threshold, 0.0) + least


@kernel(types.void(read(float64, 2), float64, _MATRIX))
def softmax_rows(x: Any, number: float, out: Any) -> None:
    """Apply `softmax` to every row."""
    for p in range(len(x)):
        softmax(x[p], number, out[p])


@kernel(types.void(read(float64, 2), float64, _MATRIX))
def normalize_rows(x: Any, number: float, out: Any) -> None:
    """Apply `normalize` to every row."""
    for p in range(len(x)):
        normalize(x[p], number, out[p])


@kernel(types.void(read(float64, 2), float64, _MATRIX))
def center_rows(x: Any, number: float, out: Any) -> None:
    """Apply `center` to every row."""
    for p in range(len(x)):
        center(x[p], number, out[p])


@kernel(types.void(read(float64, 2), float64, _MATRIX))
def rescale_rows(x: Any, number: float, out: Any) -> None:
    """Apply `rescale` to every row."""
    for p in range(len(x)):
        rescale(x[p], number, out[p])


@kernel(types.void(read(float64, 2), float64, _MATRIX))
def project_rows(x: Any, number: float, out: Any) -> None:
    """Apply `project` to every row."""
    for p in range(len(x)):
        project(x[p], number, out[p])


@kernel(types.void(read(float64, 1), read(float64, 1), _VECTOR))
def advantages(payoffs: Any, strategy: Any, out: Any) -> None:
    """Write payoffs less the expected payoff of the strategy."""
    mean = 0.0
    for i in range(len(payoffs)):
        mean += payoffs[i] * strategy[i]
    for i in range(len(payoffs)):
        out[i] = payoffs[i] - mean


@kernel(types.void(read(float64, 2), read(float64, 2), _MATRIX))
def advantages_rows(payoffs: Any, strategies: Any, out: Any) -> None:
    """Apply `advantages` to every row."""
    for p in range(len(payoffs)):
        advantages(payoffs[p], strategies[p], out[p])
