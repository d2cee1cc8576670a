"""Values against partners who deviate: at a price, within a KL radius, or without limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.risk.dilated import seats
from nashforge.solvers.risk.measures import Risk
from nashforge.solvers.sequence_form.profile import Profile, realization_plans

Array = npt.NDArray[np.float64]

LEAST_TAU, LARGEST_TAU = 1e-8, 1e11


def risk_adjusted_values(form: SequenceForm, profile: Profile, risk: Risk) -> Array:
    """Return every player's risk-adjusted value, against the worst seat, shape ``(players,)``."""
    plans, arranged = realization_plans(form, profile), seats(form)
    return np.array([arranged.evaluate(profile, player, risk, plans).value for player in range(form.players)])


def security_values(form: SequenceForm, profile: Profile) -> Array:
    """Return what every player gets at least if one other seat does its worst, shape ``(players,)``."""
    plans, arranged = realization_plans(form, profile), seats(form)
    return np.array(
        [
            min(arranged.least(player, seat, plans) for seat in range(form.players) if seat != player)
            for player in range(form.players)
        ]
    )


def robustness_curve(form: SequenceForm, profile: Profile, player: int, radii: Sequence[float]) -> Array:
    """Return the worst value of a player when the partner deviates by at most a dilated KL divergence.

    By duality, ``max over tau of U^tau - radius / tau``: the adversary's divergence grows with ``tau``, which
    is found by bisection. Non-increasing in the radius: the expected value at 0, in the limit the least value
    against actions that the partner takes at all.

    Parameters
    ----------
    radii
        In nats, at least 0.

    Returns
    -------
    ndarray of shape (len(radii),)
        In units of utility.
    """
    plans, arranged = realization_plans(form, profile), seats(form)

    def at(tau: float) -> tuple[float, float]:
        found = arranged.evaluate(profile, player, Risk(tau), plans)
        return found.value, found.divergence

    values = []
    for radius in radii:
        if radius < 0 or not np.isfinite(radius):
            raise ValueError(f"a radius must be finite and at least 0; got {radius}")
        low, high = np.log(LEAST_TAU), np.log(LARGEST_TAU)
        best = at(0.0)[0] if radius == 0 else -np.inf
        for _ in range(60 if radius > 0 else 0):
            middle = 0.5 * (low + high)
            value, spent = at(float(np.exp(middle)))
            best = max(best, value - radius * float(np.exp(-middle)))
            low, high = (middle, high) if spent < radius else (low, middle)
        values.append(best)
    return np.array(values)
