# mypy: allow-untyped-decorators, no-warn-return-any
"""Passes up a treeplex for risk-adjusted values alone: what `risk_pass` of `dilated` returns.

Payoffs far down a treeplex are small, as they carry the others' probability of coming there. Every pass
centres them at the mean of their information set and has a form for small ones that needs no transcendental
function and no sorting; all are exact to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nashforge.games.compiled import kernel
from nashforge.solvers.risk.kernels import CHI2, CVAR, KL, NEUTRAL, REVERSE_KL, measure

SMALL = 0.01
"""Exponents below this are summed by power series."""
MEDIUM = 0.1
"""Of scales that differ from one by less than this, three fixed-point steps find the shift to rounding."""
TINY = 5e-6
"""Of exponents below this, the third power is the last that counts."""
NARROW = 1e-3
"""Scales of reverse KL below this lose digits here, and are left to the general kernel."""


@kernel(error_model="numpy")
def entropic_pass(start: Any, parent: Any, policy: Any, value: Any, tau: float) -> float:
    """KL: for ``z = tau (v - mean)`` below `SMALL`, ``log(mean exp(-z)) = log1p(sum y (exp(-z) - 1 + z))`` by
    power series.
    """
    temperature = 1.0 / tau
    for i in range(len(parent) - 1, -1, -1):
        first, end = start[i], start[i + 1]
        mean = 0.0
        for b in range(first, end):
            mean += policy[b] * value[b]
        largest, total = 0.0, 0.0
        for b in range(first, end):
            z = tau * (mean - value[b])
            largest = max(largest, abs(z))
            series = 0.5 + z * (1 / 6) * (
                1.0 + z * 0.25 * (1.0 + z * 0.2 * (1.0 + z * (1 / 6) * (1.0 + z * (1 / 7))))
            )
            total += policy[b] * z * z * series
        if largest < SMALL:
            # total < SMALL^2, so four terms of the logarithm are exact.
            logarithm = total * (1.0 - total * (0.5 - total * (1 / 3 - total * 0.25)))
            value[parent[i]] += mean - logarithm * temperature
            continue
        low = np.inf
        for b in range(first, end):
            if policy[b] > 0.0:
                low = min(low, value[b])
        total = 0.0
        for b in range(first, end):
            if policy[b] > 0.0:
                total += policy[b] * np.exp(tau * (low - value[b]))
        value[parent[i]] += low - np.log(max(total, 1e-300)) / tau
    return value[len(value) - 1]


@kernel(error_model="numpy")
def neutral_pass(start: Any, parent: Any, policy: Any, value: Any) -> float:
    """No risk: expectations."""
    for i in range(len(parent) - 1, -1, -1):
        mean = 0.0
        for b in range(start[i], start[i + 1]):
            mean += policy[b] * value[b]
        value[parent[i]] += mean
    return value[len(value) - 1]


@kernel(error_model="numpy")
def variance_pass(start: Any, parent: Any, policy: Any, value: Any, tau: float) -> float:
    """Chi-square: ``mean - tau/4 variance`` while the adversary keeps every action, else without some.

    Where weights ``y (1 + tau (c - v) / 2)`` are negative, their actions are dropped and ``c`` falls, until
    none is: the active-set projection of Michelot (1986).
    """
    for i in range(len(parent) - 1, -1, -1):
        first, end = start[i], start[i + 1]
        mean = 0.0
        for b in range(first, end):
            mean += policy[b] * value[b]
        highest, variance = 0.0, 0.0
        for b in range(first, end):
            if policy[b] > 0.0:
                d = value[b] - mean
                highest = max(highest, d)
                variance += policy[b] * d * d
        if 0.5 * tau * highest <= 1.0:
            value[parent[i]] += mean - 0.25 * tau * variance
            continue
        low = mean + highest
        for b in range(first, end):
            if policy[b] > 0.0:
                low = min(low, value[b])
        c, dropped = mean - low, -1  # from the worst outcome, as little else matters when tau is large
        while True:
            inside, total, outside, count = 0.0, 0.0, 0.0, 0
            for b in range(first, end):
                if policy[b] > 0.0:
                    if 0.5 * tau * (c - (value[b] - low)) > -1.0:
                        inside += policy[b]
                        total += policy[b] * (value[b] - low)
                    else:
                        outside += policy[b]
                        count += 1
            if count <= dropped:
                break
            c, dropped = total / inside + 2.0 * outside / (tau * inside), count
        found = c + outside / tau
        for b in range(first, end):
            if policy[b] > 0.0:
                delta = 0.5 * tau * (c - (value[b] - low))
                if delta > -1.0:
                    found -= policy[b] * (2.0 + delta) * delta / tau
        value[parent[i]] += low + found
    return value[len(value) - 1]


@kernel(error_model="numpy")
def tail_pass(start: Any, parent: Any, policy: Any, value: Any, tau: float) -> float:
    """CVaR: the worst outcomes are taken one by one, or the best left out, whichever is the smaller part."""
    left_out = tau / (1.0 + tau)
    for i in range(len(parent) - 1, -1, -1):
        first, end = start[i], start[i + 1]
        mean = 0.0
        for b in range(first, end):
            mean += policy[b] * value[b]
        sign, left = (1.0, left_out) if tau < 1.0 else (-1.0, 1.0 / (1.0 + tau))
        last, total = np.inf, 0.0
        while left > 0.0:
            extreme, mass = -np.inf, 0.0
            for b in range(first, end):
                v = sign * value[b]
                if v < last and policy[b] > 0.0:
                    if v > extreme:
                        extreme, mass = v, policy[b]
                    elif v == extreme:
                        mass += policy[b]
            if mass == 0.0:
                break
            taken = min(mass, left)
            total += taken * (extreme - sign * mean)
            left, last = left - taken, extreme
        # Both parts balance around the mean.
        value[parent[i]] += mean - (1.0 + tau) * total
    return value[len(value) - 1]


@kernel(error_model="numpy")
def reverse_pass(start: Any, parent: Any, policy: Any, value: Any, tau: float) -> float:
    """Reverse KL: ``max over s of mean + (sum y log(1 + w + s) - s) / tau`` with ``w = tau (v - mean)``.

    That is the dual form of the minimum; an error of ``s`` counts by its square. Where all ``w`` are small,
    ``s`` is by far accurate enough after one step of ``s = sum y z^2 / (1 + z)`` with ``z = w + s``.
    """
    widest = np.int64(1)
    for i in range(len(parent)):
        widest = max(widest, np.int64(start[i + 1]) - np.int64(start[i]))
    p, slope = np.empty(widest), np.empty(widest)
    temperature = 1.0 / tau
    for i in range(len(parent) - 1, -1, -1):
        first, end = start[i], start[i + 1]
        mean = 0.0
        for b in range(first, end):
            mean += policy[b] * value[b]
        largest, lowest, square, cube = 0.0, 0.0, 0.0, 0.0
        for b in range(first, end):
            w = tau * (value[b] - mean)
            largest, lowest = max(largest, abs(w)), min(lowest, w)
            power = policy[b] * w * w
            square += power
            cube += power * w
        if largest < TINY:
            value[parent[i]] += mean - (0.5 * square - (1 / 3) * cube) * temperature
            continue
        s = 0.0
        if largest < SMALL:
            for b in range(first, end):
                z = tau * (value[b] - mean) + square
                s += policy[b] * z * z * (1.0 - z * (1.0 - z * (1.0 - z)))
            total = 0.0
            for b in range(first, end):
                z = tau * (value[b] - mean) + s
                series = 0.25 - z * (0.2 - z * (1 / 6 - z * (1 / 7 - z * 0.125)))
                total += policy[b] * z * z * (0.5 - z * (1 / 3 - z * series))
            value[parent[i]] += mean - total * temperature
            continue
        if largest < MEDIUM:
            # Each step divides the error by 50 at least, the first has that of the third powers.
            s = square
            for _ in range(3):
                total = 0.0
                for b in range(first, end):
                    z = tau * (value[b] - mean) + s
                    total += policy[b] * z * z / (1.0 + z)
                s = total
            total = -s
            for b in range(first, end):
                total += policy[b] * np.log1p(tau * (value[b] - mean) + s)
            value[parent[i]] += mean + total * temperature
            continue
        for b in range(first, end):
            s = max(s, policy[b] - 1.0 - tau * (value[b] - mean))
        settled = False
        for _ in range(50):
            excess, inverse, second = 0.0, 0.0, 0.0
            for b in range(first, end):
                scale = max(1.0 + tau * (value[b] - mean) + s, 1e-100)
                share = policy[b] / scale
                excess += share * (scale - 1.0)
                inverse += share
                second += share / scale
            step = -(excess / second) * inverse
            s += step
            if step * step * second < 1e-11:
                settled = True
                break
        if not settled or 1.0 + lowest + s < NARROW:
            value[parent[i]] += measure(
                REVERSE_KL, value[first:end], policy[first:end], tau, p[: end - first], slope[: end - first]
            )
            continue
        total = -s
        for b in range(first, end):
            if policy[b] > 0.0:
                total += policy[b] * np.log1p(tau * (value[b] - mean) + s)
        value[parent[i]] += mean + total * temperature
    return value[len(value) - 1]


@kernel(error_model="numpy")
def value_pass(code: int, start: Any, parent: Any, policy: Any, value: Any, tau: float) -> float:
    """Pass payoffs up a treeplex; parameters as `nashforge.solvers.risk.dilated.risk_pass`."""
    if code == NEUTRAL or tau == 0.0:
        return neutral_pass(start, parent, policy, value)
    if code == KL:
        return entropic_pass(start, parent, policy, value, tau)
    if code == CHI2:
        return variance_pass(start, parent, policy, value, tau)
    if code == CVAR:
        return tail_pass(start, parent, policy, value, tau)
    return reverse_pass(start, parent, policy, value, tau)
