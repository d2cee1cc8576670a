"""All strategic measures of one joint strategy in one game: what ``nashforge risk`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.metrics.registry import Parameters, UndefinedMetricError, measures
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StrategicReport:
    """Measures of a joint strategy; arrays have one entry a player, in units of utility.

    Attributes
    ----------
    values : ndarray of shape (players,)
        Expected utility.
    players : dict
        Measures of each player, by name, shape ``(players,)``.
    radii : tuple of floats
        KL radii of the robustness curve, in nats.
    robustness : ndarray of shape (players, radii)
        Worst value when one partner deviates within the radius.
    together : dict
        Measures of all players together, by name; None where they are not defined.
    """

    values: Array
    players: dict[str, Array]
    radii: tuple[float, ...]
    robustness: Array
    together: dict[str, float | None]


def strategic_report(play: Any, how: Parameters, radii: Sequence[float]) -> StrategicReport:
    """Return all measures of a joint strategy that need no strangers.

    Parameters
    ----------
    play
        In a game with a solution: `nashforge.solvers.metrics.profile.ProfilePlay` or
        `nashforge.solvers.learners.markov.play.MarkovPlay`.
    radii
        Of the robustness curve.
    """

    def value(measure: Any) -> float | None:
        try:
            measure.check(play, how)
            return float(measure.value(play, how))
        except (RiskError, UndefinedMetricError):
            return None

    alone = [one for one in measures().values() if not one.meets]
    # The curve has the robust value at every radius.
    players = [one for one in alone if one.by_player and one.name != "robust_value"]
    return StrategicReport(
        values=play.values(),
        players={one.name: np.asarray(one.function(play, how)) for one in players},
        radii=tuple(radii),
        robustness=play.robust(radii),
        together={one.name: value(one) for one in alone if not one.by_player},
    )
