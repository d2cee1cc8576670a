"""Motion of a rule between two iterations: whether regrets alternate in sign, and how far policies move.

Regrets that alternate say that the play goes round in circles and that averaging, or damping, is at work;
regrets that persist say that it goes one way and could go faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import Treeplex

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Motion:
    """Motion of all players in one iteration.

    Attributes
    ----------
    alternating, persisting : float
        Shares of information sets, of those with regrets in both iterations, in which the regrets of this
        iteration point against those of the last, or along with them: the sign of their scalar product.
    step : float
        Half the sum of the absolute changes of the policy's probabilities, mean over information sets.
    """

    alternating: float
    persisting: float
    step: float


class MotionMeter:
    """Takes in what each player did in one iteration."""

    def __init__(self) -> None:
        self._products: list[Array] = []
        self._steps: list[Array] = []

    def add(self, treeplex: Treeplex, before: Array, regret: Array, old: Array, policy: Array) -> None:
        """Take in a player's regrets of the iteration before and of this one, and its policies likewise.

        Parameters
        ----------
        before, regret, old, policy
            Of shape ``(sequences,)``.
        """
        if not treeplex.infosets:
            return
        starts = treeplex.start[:-1]
        self._products.append(np.add.reduceat(before * regret, starts))
        self._steps.append(np.add.reduceat(np.abs(policy - old), starts) / 2)

    def motion(self) -> Motion:
        """Return the motion of all players together."""
        products, steps = np.concatenate(self._products), np.concatenate(self._steps)
        moved = max(int(np.count_nonzero(products)), 1)
        return Motion(
            float(np.count_nonzero(products < 0) / moved),
            float(np.count_nonzero(products > 0) / moved),
            float(steps.mean()),
        )
