"""Correlation devices: a profile is drawn, and every player is recommended the policy of its own.

The joint average of what a learner played is one: the device draws an iteration, and the players are told to
play as they did in it. With two players and constant sums the average policies say all that matters; with
more players or general sums they do not, since the product of averages is not the average of products.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.sequence_form.profile import PolicyError, realization_plans

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CorrelationDevice:
    """A distribution over behaviour profiles of one game; made by `correlation_device`.

    Attributes
    ----------
    form : SequenceForm
    weights : ndarray of float64, shape (profiles,)
        Probabilities of the profiles.
    plans : ndarray of float64, shape (profiles, length)
        Realisation plans of all players, flat, see `nashforge.solvers.sequence_form.kernels`.
    """

    form: SequenceForm
    weights: Array
    plans: Array

    def __repr__(self) -> str:
        return f"<CorrelationDevice of {len(self.weights):,} profiles of {self.form.name}>"


def correlation_device(
    form: SequenceForm, profiles: Iterable[Sequence[npt.ArrayLike]], weights: npt.ArrayLike | None = None
) -> CorrelationDevice:
    """Return the device that draws one of these profiles.

    Parameters
    ----------
    profiles
        Kept are their plans alone: they may come one by one.
    weights
        In proportion to which they are drawn, shape ``(profiles,)``. Default: all alike.

    Raises
    ------
    PolicyError
        If there is no profile, one is not a valid behaviour policy a player, or the weights are negative, not
        finite, all zero, or not one a profile.
    """
    plans = [realization_plans(form, profile) for profile in profiles]
    if not plans:
        raise PolicyError("a correlation device needs at least one profile; got none")
    given = np.ones(len(plans)) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (len(plans),):
        raise PolicyError(f"weights must have shape {(len(plans),)}, one a profile; got {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        raise PolicyError("weights must be finite and non-negative, and not all zero")
    return CorrelationDevice(form, given / given.sum(), np.stack(plans))
