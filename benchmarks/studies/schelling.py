"""Schelling diagrams of two policies of a dilemma, and invaders among residents.

Sources: Schelling (1973), "Hockey helmets, concealed weapons, and daylight saving"; Hughes et al. (2018),
"Inequity aversion improves cooperation in intertemporal social dilemmas" (the conditions of a dilemma).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.cross_play import Play, mixed
from nashforge.solvers.policies.episode import in_process
from nashforge.solvers.policies.metrics import Summary, summarise

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Schelling:
    """Payoffs by the number of other cooperators.

    Attributes
    ----------
    cooperators, defectors : ndarray of shape (agents, seeds)
        Return of a cooperator and of a defector, mean over those there are, among 0, 1, ..., agents - 1 other
        cooperators.
    """

    cooperators: Floats
    defectors: Floats

    @property
    def cooperate(self) -> Floats:
        """Mean return of a cooperator over the seeds, shape ``(agents,)``."""
        return _frozen(self.cooperators.mean(axis=1))

    @property
    def defect(self) -> Floats:
        """Mean return of a defector over the seeds, shape ``(agents,)``."""
        return _frozen(self.defectors.mean(axis=1))

    @property
    def margins(self) -> dict[str, Summary]:
        """By how much each condition holds, with 95 % intervals over the seeds; see the properties."""
        c, d = self.cooperators, self.defectors
        found = {
            "pays": c[-1] - d[0],
            "needs_others": c[-1] - c[0],
            "fear": d[0] - c[0],
            "greed": d[-1] - c[-1],
        }
        return {name: summarise(values.tolist()) for name, values in found.items()}

    @property
    def pays(self) -> bool:
        """Whether all cooperating is better than all defecting."""
        return self._holds("pays")

    @property
    def needs_others(self) -> bool:
        """Whether a cooperator among cooperators fares better than one alone."""
        return self._holds("needs_others")

    @property
    def fear(self) -> bool:
        """Whether a defector among defectors fares better than a cooperator there."""
        return self._holds("fear")

    @property
    def greed(self) -> bool:
        """Whether a defector among cooperators fares better than a cooperator there."""
        return self._holds("greed")

    @property
    def dilemma(self) -> bool:
        """Whether the two policies make the game a social dilemma (Hughes et al. 2018)."""
        return self.pays and self.needs_others and (self.fear or self.greed)

    def _holds(self, condition: str) -> bool:
        return (self.margins[condition].mean or 0.0) > 0


@dataclass(frozen=True)
class Invasion:
    """One invader among residents, against residents alone.

    Attributes
    ----------
    invader, host : float
        Mean return of the invader, and of a resident beside it.
    peaceful : float
        Mean return of a resident without an invader.
    """

    invader: float
    host: float
    peaceful: float

    @property
    def resisted(self) -> bool:
        """Whether the invader earns no more than it would as a resident."""
        return self.invader <= self.peaceful


def schelling(
    setting: Setting,
    cooperator: str,
    defector: str,
    seeds: Sequence[int],
    play: Play = in_process,
    *,
    corners: bool = False,
) -> Schelling:
    """Return the Schelling diagram of two policies, given as sources.

    Parameters
    ----------
    corners
        Whether to play only what the conditions of a dilemma need; the rest of the diagram is NaN.
    """
    agents = setting.agents
    cooperators, defectors = (np.full((agents, len(seeds)), np.nan) for _ in range(2))
    for count in {0, 1, agents - 1, agents} if corners else range(agents + 1):
        found = mixed(setting, {cooperator: count, defector: agents - count}, seeds, play)
        if count:
            cooperators[count - 1] = found[cooperator]
        if count < agents:
            defectors[count] = found[defector]
    return Schelling(_frozen(cooperators), _frozen(defectors))


def invasion(
    setting: Setting, resident: str, invader: str, seeds: Sequence[int], play: Play = in_process
) -> Invasion:
    """Return how one invader fares among ``agents - 1`` residents."""
    found = mixed(setting, {resident: setting.agents - 1, invader: 1}, seeds, play)
    peaceful = mixed(setting, {resident: setting.agents}, seeds, play)
    return Invasion(
        float(found[invader].mean()), float(found[resident].mean()), float(peaceful[resident].mean())
    )


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
