"""All strategic measures of stationary policies in a Markov game: what ``nashforge risk`` prints there.

Values are sums of discounted rewards, expected over the first state; gaps are those of `stationary_gaps`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from nashforge.solvers.equilibria.markov import Rationality
from nashforge.solvers.equilibria.stationary import guaranteed_values, policy_values, stationary_gaps
from nashforge.solvers.learners.markov.measures import markov_measures, player_measures
from nashforge.solvers.learners.markov.task import MarkovTask
from nashforge.solvers.metrics.report import StrategicReport
from nashforge.solvers.metrics.social import CrossPlay
from nashforge.solvers.risk.measures import Risk

Array = npt.NDArray[np.float64]
Policies = tuple[Array, Array]

LEAST_TAU, LARGEST_TAU = 1e-6, 1e6


def markov_report(
    task: MarkovTask, policies: Policies, *, risk: Risk, epsilon: float, radii: Sequence[float]
) -> StrategicReport:
    """Return all measures of stationary policies; parameters as `strategic_report`.

    The divergence of a radius is summed over the steps, discounted like rewards, as the adversary plays.
    """
    rationality = Rationality((risk.tau, risk.tau), (epsilon, epsilon), risk.divergence, "entropy")
    neutral = Rationality((0.0, 0.0), (epsilon, epsilon), risk.divergence, "entropy")
    asked = MarkovTask(task.name, task.game, rationality, task.discount)
    players, together = player_measures(asked, policies), markov_measures(asked, policies)
    return StrategicReport(
        values=np.array(players["value"]),
        risk_adjusted=np.array(players["risk_adjusted_value"]),
        security=np.array(players["security_value"]),
        radii=tuple(radii),
        robustness=np.array([stationary_robustness(task, policies, player, radii) for player in range(2)]),
        exploitability=together["exploitability"],
        welfare=together["welfare"],
        qre_gap=sum(stationary_gaps(task.game, policies, neutral, discount=task.discount)),
        rqe_gap=sum(stationary_gaps(task.game, policies, rationality, discount=task.discount)),
        price_of_anarchy=together.get("price_of_anarchy"),
        free_riding=together.get("free_riding"),
    )


def stationary_robustness(task: MarkovTask, policies: Policies, player: int, radii: Sequence[float]) -> Array:
    """Return the worst value of a player when the partner deviates by at most a discounted KL divergence.

    By duality ``max over tau of U^tau - radius / tau``, which has one peak.

    Parameters
    ----------
    radii
        In nats, at least 0.
    """

    def at(tau: float) -> float:
        values = policy_values(
            task.game,
            policies,
            player,
            risk=Risk(tau),
            epsilon=0.0,
            regularizer="entropy",
            discount=task.discount,
        )
        return float(task.game.initial @ values)

    expected = at(0.0)
    least = guaranteed_values(task.game, policies, player, discount=task.discount)
    found = []
    for radius in radii:
        if radius < 0 or not np.isfinite(radius):
            raise ValueError(f"a radius must be finite and at least 0; got {radius}")
        if radius == 0:
            found.append(expected)
            continue
        peak = minimize_scalar(
            lambda logarithm, radius=radius: radius * np.exp(-logarithm) - at(float(np.exp(logarithm))),
            bounds=(np.log(LEAST_TAU), np.log(LARGEST_TAU)),
            method="bounded",
            options={"xatol": 1e-6},
        )
        found.append(max(-float(peak.fun), float(task.game.initial @ least)))
    return np.array(found)


def markov_cross_play(task: MarkovTask, pairs: Sequence[Policies]) -> CrossPlay:
    """Play all pairs of policies; see `nashforge.solvers.metrics.social.cross_play`."""
    plain = {"risk": Risk(0.0), "epsilon": 0.0, "regularizer": "entropy", "discount": task.discount}

    def worth(policies: Policies) -> float:
        values = [policy_values(task.game, policies, i, **plain) for i in range(2)]  # type: ignore[arg-type]
        return float(task.game.initial @ np.mean(values, axis=0))

    return CrossPlay(np.array([[worth((mine[0], theirs[1])) for theirs in pairs] for mine in pairs]))
