"""Bandit that chooses the model to ask: an upper confidence bound on what they gain, less what they cost.

    score = gain + c sqrt(ln(1 + N) / n) - w cost

gain and cost are means over a model's proposals, divided by the largest such mean; n is how often it was
asked and N how often all were. Older outcomes count less, by a factor a proposal, so that a model that was
good at the start has to stay good. The gain of a proposal is max(0, fitness - max(its parent's, the seed's)),
and 0 for a failure. After UCB1 (Auer, Cesa-Bianchi, Fischer 2002) with the discounting of Garivier and
Moulines (2011); defaults as ShinkaEvolve's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

Amount: TypeAlias = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


@dataclass
class Arm:
    """Statistics of one model; all numbers are discounted."""

    asked: Amount = 0.0
    told: Amount = 0.0
    gain: Amount = 0.0
    cost: Amount = 0.0


_ARMS = TypeAdapter(dict[str, Arm])


class Bandit:
    """Chooses among models; a function of the order in which it is asked and told.

    Parameters
    ----------
    labels
        The models; of equals, the first is chosen.
    exploration
        c, how much rarely asked models are preferred.
    decay
        Factor by which older outcomes count less with each new one.
    cost_weight
        w, how much the most expensive model has to gain more than a free one.
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        exploration: float = 1.0,
        decay: float = 0.95,
        cost_weight: float = 0.5,
    ) -> None:
        if not labels:
            raise ValueError("a bandit needs at least one model")
        self.arms = {label: Arm() for label in labels}
        self._exploration, self._decay, self._cost_weight = exploration, decay, cost_weight

    @classmethod
    def restored(cls, state: Any) -> Self | None:
        """Return the bandit of a `state`; None if it is none, since a run may come from anybody's file."""
        try:
            arms = _ARMS.validate_python(state)
        except ValidationError:
            return None
        if not arms:
            return None
        found = cls(tuple(arms))
        found.arms = arms
        return found

    def choose(self) -> str:
        """Return the model to ask next; it counts as asked."""
        scores = self.scores()
        chosen = max(scores, key=lambda label: scores[label])
        self.asked(chosen)
        return chosen

    def asked(self, label: str) -> None:
        """Take in that a model was asked."""
        for arm in self.arms.values():
            arm.asked *= self._decay
        self.arms[label].asked += 1

    def tell(self, label: str, gain: float, cost: float) -> None:
        """Take in what a proposal gained and cost."""
        for arm in self.arms.values():
            arm.told *= self._decay
            arm.gain *= self._decay
            arm.cost *= self._decay
        arm = self.arms[label]
        arm.told += 1
        arm.gain += gain
        arm.cost += cost

    def scores(self) -> dict[str, float]:
        """Return the upper confidence bounds; infinite for a model that was never asked."""
        gains = {label: arm.gain / arm.told if arm.told else 0.0 for label, arm in self.arms.items()}
        costs = {label: arm.cost / arm.told if arm.told else 0.0 for label, arm in self.arms.items()}
        best, dearest = max(gains.values()), max(costs.values())
        total = sum(arm.asked for arm in self.arms.values())
        return {
            label: (gains[label] / best if best > 0 else 0.0)
            + self._exploration * math.sqrt(math.log1p(total) / arm.asked)
            - self._cost_weight * (costs[label] / dearest if dearest > 0 else 0.0)
            if arm.asked
            else math.inf
            for label, arm in self.arms.items()
        }

    def state(self) -> dict[str, Any]:
        """Return what is known, as JSON values."""
        return {
            label: {"asked": arm.asked, "told": arm.told, "gain": arm.gain, "cost": arm.cost}
            for label, arm in self.arms.items()
        }
