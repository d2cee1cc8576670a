# mypy: allow-untyped-decorators, no-warn-return-any
"""Compiled convex risk measures of a discrete payoff: value, worst case and gradient, stable at any scale.

Every measure is ``U(v, y) = min_p sum_b p_b v_b + D(p, y) / tau``: an imagined adversary moves the partner's
play from ``y`` to ``p`` at the price ``D / tau``. A kernel takes the payoffs ``v`` and the reference ``y``
(on the simplex), writes the worst case ``p`` and the gradient with respect to ``y``, and returns the value;
the gradient with respect to ``v`` is ``p`` (envelope theorem). Payoffs are centred before they are multiplied
by ``tau``, so that small ``tau`` loses no digits to cancellation and large ``tau`` does not overflow.

Source: Mazumdar, Panaganti, Shi (2025), Tractable Equilibrium Computation in Markov Games through Risk
Aversion, arXiv 2406.14156, section 2; dual forms: Föllmer, Schied, Stochastic Finance, chapter 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nashforge.games.compiled import kernel

NEUTRAL, KL, REVERSE_KL, CHI2, CVAR = 0, 1, 2, 3, 4
LARGEST_EXPONENT = 700.0
"""Slopes at actions of probability zero can exceed any float; they are cut here."""


@kernel(error_model="numpy")
def _neutral(v: Any, y: Any, p: Any, slope: Any) -> float:
    value = 0.0
    for b in range(len(v)):
        value += y[b] * v[b]
        p[b] = y[b]
        slope[b] = v[b]
    return value


@kernel(error_model="numpy")
def _kl_in_logarithms(v: Any, y: Any, tau: float, low: float, p: Any, slope: Any) -> float:
    """Entropic risk where the worst outcome is so improbable that its weight underflows."""
    top, total = -np.inf, 0.0
    for b in range(len(v)):
        if y[b] > 0.0:
            top = max(top, np.log(y[b]) - tau * (v[b] - low))
    for b in range(len(v)):
        p[b] = 0.0
        if y[b] > 0.0:
            p[b] = np.exp(np.log(y[b]) - tau * (v[b] - low) - top)
            total += p[b]
    for b in range(len(v)):
        p[b] /= total
        exponent = -tau * (v[b] - low) - top - np.log(total)
        slope[b] = -np.exp(min(exponent, LARGEST_EXPONENT)) / tau
    return low - (top + np.log(total)) / tau


@kernel(error_model="numpy")
def _kl(v: Any, y: Any, tau: float, p: Any, slope: Any) -> float:
    """Entropic risk: ``-log(sum_b y_b exp(-tau v_b)) / tau``; ``p`` proportional to ``y exp(-tau v)``."""
    mean, low, high = 0.0, np.inf, -np.inf
    for b in range(len(v)):
        mean += y[b] * v[b]
        if y[b] > 0.0:
            low = min(low, v[b])
            high = max(high, v[b])
    total = 0.0
    if tau * (high - low) < 1.0:
        for b in range(len(v)):
            p[b] = np.expm1(min(-tau * (v[b] - mean), LARGEST_EXPONENT))
            if y[b] > 0.0:
                total += y[b] * p[b]
        for b in range(len(v)):
            weight = (1.0 + p[b]) / (1.0 + total)
            p[b] = y[b] * weight
            slope[b] = -weight / tau
        return mean - np.log1p(total) / tau
    for b in range(len(v)):
        p[b] = np.exp(min(-tau * (v[b] - low), LARGEST_EXPONENT))
        if y[b] > 0.0:
            total += y[b] * p[b]
    if total > 1e-200:
        for b in range(len(v)):
            weight = min(p[b] / total, 1e300)
            p[b] = y[b] * weight
            slope[b] = -weight / tau
        return low - np.log(total) / tau
    return _kl_in_logarithms(v, y, tau, low, p, slope)


@kernel(error_model="numpy")
def _reverse_kl(v: Any, y: Any, tau: float, p: Any, slope: Any) -> float:
    """``D = KL(y || p)``: ``p_b = y_b / (1 + tau (shift + v_b))``, the shift by a monotone Newton iteration.

    With ``z_b = shift + v_b`` the condition ``sum p = 1`` reads ``sum y z / (1 + tau z) = 0``, a form that
    keeps its digits as tau vanishes. Newton's method on the harmonic mean of ``1 + tau z``, which is concave
    in the shift, rises monotonically to the root from any point below it.
    """
    low = v[0]
    for b in range(len(v)):
        low = min(low, v[b])
    shift = 0.0
    for b in range(len(v)):
        shift -= y[b] * (v[b] - low)
    for b in range(len(v)):
        if y[b] > 0.0:
            shift = max(shift, (y[b] - 1.0) / tau - (v[b] - low))
    boundary = -1.0 / tau
    for _ in range(200):
        excess, first, second = 0.0, 0.0, 0.0
        for b in range(len(v)):
            if y[b] > 0.0:
                z = shift + (v[b] - low)
                scale = 1.0 + tau * z
                if scale < 1e-100:
                    scale = 1e-100
                excess += y[b] * z / scale
                first += y[b] / scale
                second += y[b] / (scale * scale)
        step = -(excess / second) * first
        shift += step
        if not abs(step) > 1e-16 * (abs(shift) + 1.0 / tau * 1e-3):
            break
    shift = max(shift, boundary)
    # The worst outcomes get the mass that the others leave: where their reference probability is tiny or
    # zero, their scale lies below the rounding of the shift.
    mass, expected, count = 0.0, 0.0, 0
    for b in range(len(v)):
        if v[b] == low:
            expected += y[b]
            count += 1
        elif y[b] > 0.0:
            mass += y[b] / (1.0 + tau * (shift + (v[b] - low)))
    worst_scale = 1.0 + tau * shift
    if worst_scale < 1e-3:
        worst_scale = expected / max(1.0 - mass, 1e-300)
    value = low - shift
    for b in range(len(v)):
        scale = 1.0 + tau * (shift + (v[b] - low))
        log_scale = np.log1p(tau * (shift + (v[b] - low)))
        if v[b] == low:
            scale, log_scale = worst_scale, np.log(max(worst_scale, 1e-300))
            if worst_scale > 0.5:
                log_scale = np.log1p(tau * shift)
        if y[b] > 0.0:
            p[b] = y[b] / scale
            value += y[b] * log_scale / tau
        elif v[b] == low and expected == 0.0:
            p[b] = max(1.0 - mass, 0.0) / count
        else:
            p[b] = 0.0
        slope[b] = (log_scale + 1.0) / tau
    return value


@kernel(error_model="numpy")
def _chi2(v: Any, y: Any, tau: float, p: Any, slope: Any) -> float:
    """``D = sum (p - y)^2 / y``: ``p = y [1 + tau (c - v) / 2]+``; E v - tau/4 Var v inside."""
    order = np.argsort(v)
    low = v[order[0]]
    for k in range(len(v)):
        if y[order[k]] > 0.0:
            low = v[order[k]]
            break
    after = np.zeros(len(v))
    for k in range(len(v) - 2, -1, -1):
        after[k] = after[k + 1] + y[order[k + 1]]
    inside, weighted, outside, c = 0.0, 0.0, 1.0, 0.0
    for k in range(len(v)):
        # The largest set of worst outcomes whose weights stay positive; `outside` is exactly 0 for all of
        # them.
        b = order[k]
        if y[b] == 0.0:
            continue
        grown, sum_grown = inside + y[b], weighted + y[b] * (v[b] - low)
        trial = sum_grown / grown + 2.0 * after[k] / (tau * grown)
        if inside > 0.0 and not 1.0 + 0.5 * tau * (trial - (v[b] - low)) > 0.0:
            break
        inside, weighted, outside, c = grown, sum_grown, after[k], trial
    value = low + c + outside / tau
    for b in range(len(v)):
        delta = 0.5 * tau * (c - (v[b] - low))
        if 1.0 + delta > 0.0:
            p[b] = y[b] * (1.0 + delta)
            slope[b] = -(2.0 + delta) * delta / tau
            value += y[b] * slope[b]
        else:
            p[b] = 0.0
            slope[b] = 1.0 / tau
    return value


@kernel(error_model="numpy")
def _cvar(v: Any, y: Any, tau: float, p: Any, slope: Any) -> float:
    """The mean of the worst fraction ``alpha = 1 / (1 + tau)`` of outcomes: ``p <= y / alpha``."""
    order = np.argsort(v)
    left, value, edge = 1.0, 0.0, v[order[0]]
    for k in range(len(v)):
        b = order[k]
        take = min(y[b] * (1.0 + tau), left)
        if take > 0.0:
            edge = v[b]
        p[b] = take
        value += take * v[b]
        left -= take
    for b in range(len(v)):
        slope[b] = edge - (1.0 + tau) * max(edge - v[b], 0.0)
    return value


@kernel(error_model="numpy")
def measure(code: int, v: Any, y: Any, tau: float, p: Any, slope: Any) -> float:
    """Write the worst case ``p`` and the gradient in ``y``; return the risk-adjusted value.

    Parameters
    ----------
    code
        One of `NEUTRAL`, `KL`, `REVERSE_KL`, `CHI2`, `CVAR`; ``tau = 0`` is neutral, too.
    v, y
        Payoffs and the reference distribution, shape ``(outcomes,)``.
    tau
        Aversion to risk, larger is more averse.
    p, slope
        Outputs, shape ``(outcomes,)``. Slopes count up to a constant: only differences matter on the simplex.
    """
    if code == NEUTRAL or tau == 0.0:
        return _neutral(v, y, p, slope)
    if code == KL:
        return _kl(v, y, tau, p, slope)
    if code == REVERSE_KL:
        return _reverse_kl(v, y, tau, p, slope)
    if code == CHI2:
        return _chi2(v, y, tau, p, slope)
    return _cvar(v, y, tau, p, slope)


@kernel(error_model="numpy")
def measure_rows(code: int, rows: Any, y: Any, tau: float, p: Any, slopes: Any, values: Any) -> None:
    """Apply `measure` to every row of a matrix of payoffs against one reference distribution."""
    for a in range(rows.shape[0]):
        values[a] = measure(code, rows[a], y, tau, p[a], slopes[a])
