"""All strategic measures of one profile in one game: what ``nashforge risk`` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.matrix.reading import one_shot
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.gaps import rqe_gap
from nashforge.solvers.metrics.robustness import risk_adjusted_values, robustness_curve, security_values
from nashforge.solvers.metrics.social import one_shot_free_riding, price_of_anarchy
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.sequence_form.profile import Profile, expected_values, exploitability

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StrategicReport:
    """Measures of a profile; arrays have one entry a player, in units of utility.

    Attributes
    ----------
    values, risk_adjusted, security : ndarrays of shape (players,)
        Expected utility; the same against the worst seat at a price; against the worst seat at no price.
    radii : tuple of floats
        KL radii of the robustness curve, in nats.
    robustness : ndarray of shape (players, radii)
        Worst value when one partner deviates within the radius.
    exploitability, welfare : float
    qre_gap, rqe_gap : float or None
        Summed over players; nothing where they are not defined (see `nashforge.solvers.equilibria.gaps`).
    price_of_anarchy : float or None
        Of one-shot games of two players with positive welfare.
    free_riding : float or None
        Of one-shot games of two players whose payoffs are a shared reward less private costs.
    """

    values: Array
    risk_adjusted: Array
    security: Array
    radii: tuple[float, ...]
    robustness: Array
    exploitability: float
    welfare: float
    qre_gap: float | None
    rqe_gap: float | None
    price_of_anarchy: float | None
    free_riding: float | None = None


def strategic_report(
    form: SequenceForm, profile: Profile, *, risk: Risk, epsilon: float, radii: Sequence[float]
) -> StrategicReport:
    """Return all measures of a profile.

    Parameters
    ----------
    risk
        The measure of the risk-adjusted values and the RQE gap.
    epsilon
        Weight of the entropy in the gaps, positive.
    radii
        Of the robustness curve.
    """
    values = expected_values(form, profile)

    def gap(tau: float) -> float | None:
        try:
            return rqe_gap(form, profile, tau=tau, epsilon=epsilon, divergence=risk.divergence)
        except RiskError:
            return None

    def one_shot_only(measure: Callable[[Sequence[Array], Sequence[Array]], float]) -> float | None:
        try:
            return measure(one_shot(form).payoffs, [np.asarray(policy) for policy in profile])
        except (UnsupportedGameError, ValueError):
            return None  # more decisions or players, or payoffs for which it means nothing

    return StrategicReport(
        values=values,
        risk_adjusted=risk_adjusted_values(form, profile, risk),
        security=security_values(form, profile),
        radii=tuple(radii),
        robustness=np.array(
            [robustness_curve(form, profile, player, radii) for player in range(form.players)]
        ),
        exploitability=exploitability(form, profile),
        welfare=float(values.sum()),
        qre_gap=gap(0.0),
        rqe_gap=gap(risk.tau),
        price_of_anarchy=one_shot_only(price_of_anarchy),
        free_riding=one_shot_only(one_shot_free_riding),
    )
