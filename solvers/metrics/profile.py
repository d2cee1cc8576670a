"""Strategic measures of a joint policy as numbers by name, see `nashforge.solvers.metrics.definitions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.reading import one_shot
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.gaps import rqe_gap
from nashforge.solvers.metrics.definitions import ON_REQUEST
from nashforge.solvers.metrics.robustness import risk_adjusted_values, robustness_curve, security_values
from nashforge.solvers.metrics.social import (
    cross_play,
    one_shot_free_riding,
    price_of_anarchy,
    shares_rewards,
)
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.sequence_form.profile import Profile, expected_values

Array = npt.NDArray[np.float64]


class UndefinedMetricError(RiskError):
    """A measure that means nothing in a game, or for a profile of it."""


def is_one_shot(form: SequenceForm) -> bool:
    """Whether two players act once each and know nothing."""
    return form.players == 2 and all(treeplex.infosets == 1 for treeplex in form.treeplexes)


def check_defined(form: SequenceForm, names: Sequence[str], risk: Risk) -> None:
    """Make sure that measures are defined in a game, before anything is measured.

    Raises
    ------
    UndefinedMetricError
        If one is not; it says why.
    """
    for name in ("price_of_anarchy", "free_riding"):
        if name in names and not is_one_shot(form):
            raise UndefinedMetricError(
                f"{name} is defined for one-shot games of two players; {form.name} is none, choose welfare "
                "there"
            )
    if "free_riding" in names:
        first, second = one_shot(form).payoffs
        if not shares_rewards(first - second):
            raise UndefinedMetricError(
                "free_riding is defined where payoffs are a shared reward less private costs of one's own "
                f"actions; those of {form.name} are not, choose welfare there"
            )
    if "rqe_gap" in names and not is_one_shot(form):
        if form.players > 2:
            raise UndefinedMetricError(
                f"rqe_gap is defined for two players; {form.name} has {form.players}, choose "
                "risk_adjusted_value there"
            )
        if risk.tau > 0 and risk.divergence != "kl":
            raise UndefinedMetricError(
                f"rqe_gap of extensive games is defined for kl; got {risk.divergence} for {form.name}"
            )


def strategic_values(
    form: SequenceForm,
    profile: Profile,
    names: Sequence[str],
    *,
    risk: Risk,
    epsilon: float,
    radius: float,
    stranger: Callable[[], Profile],
) -> dict[str, float]:
    """Return some measures of a profile by name, in units of utility; the price of anarchy is a ratio.

    Parameters
    ----------
    names
        Of `nashforge.solvers.metrics.definitions.ON_REQUEST`.
    risk, epsilon
        Of the risk-adjusted value and of the gaps, whose regulariser is the entropy.
    radius
        KL radius of the robust value, in nats.
    stranger
        Returns the profile of a partner for cross-play.

    Raises
    ------
    UndefinedMetricError
        If one is not defined.
    """
    check_defined(form, names, risk)
    found = {}
    for name in names:
        if name == "qre_gap":
            found[name] = rqe_gap(form, profile, tau=0.0, epsilon=epsilon)
        elif name == "rqe_gap":
            found[name] = rqe_gap(form, profile, tau=risk.tau, epsilon=epsilon, divergence=risk.divergence)
        elif name == "risk_adjusted_value":
            found[name] = float(risk_adjusted_values(form, profile, risk).mean())
        elif name == "robust_value":
            worst = [robustness_curve(form, profile, player, [radius])[0] for player in range(form.players)]
            found[name] = float(np.mean(worst))
        elif name == "security_value":
            found[name] = float(security_values(form, profile).mean())
        elif name == "cross_play_gap":
            found[name] = cross_play(form, [profile, stranger()]).loss(0)
        elif name == "worst_cross_play":
            found[name] = cross_play(form, [profile, stranger()]).worst
        elif name == "welfare":
            found[name] = float(expected_values(form, profile).sum())
        elif name == "price_of_anarchy":
            try:
                found[name] = price_of_anarchy(one_shot(form).payoffs, [np.asarray(x) for x in profile])
            except ValueError as error:
                raise UndefinedMetricError(str(error)) from error
        elif name == "free_riding":
            found[name] = one_shot_free_riding(one_shot(form).payoffs, [np.asarray(x) for x in profile])
        else:
            raise UndefinedMetricError(f"there is no measure {name!r}; {choice(name, ON_REQUEST)}")
    return found
