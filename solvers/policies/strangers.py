"""How policies fare with others: Schelling diagrams, invaders, cross-play with a pool of strangers.

Who sits where is drawn anew for every seed, so that nothing hangs on the numbers of seats.

Sources: Schelling (1973), "Hockey helmets, concealed weapons, and daylight saving"; Hughes et al. (2018),
"Inequity aversion improves cooperation in intertemporal social dilemmas" (the conditions of a dilemma).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from games.dilemmas.settings import Setting
from solvers.policies.episode import Episode, in_process

Floats: TypeAlias = npt.NDArray[np.float64]
Play: TypeAlias = Callable[[Setting, Sequence[str], int], Episode]
"""Plays an episode with a program for each seat; `in_process` for trusted ones, else the sandbox."""


@dataclass(frozen=True)
class Schelling:
    """Payoffs by the number of other cooperators.

    Attributes
    ----------
    cooperate, defect : ndarray of shape (agents,)
        Mean return of a cooperator and of a defector among 0, 1, ..., agents - 1 other cooperators.
    """

    cooperate: Floats
    defect: Floats

    @property
    def pays(self) -> bool:
        """Whether all cooperating is better than all defecting."""
        return bool(self.cooperate[-1] > self.defect[0])

    @property
    def needs_others(self) -> bool:
        """Whether a cooperator among cooperators fares better than one alone."""
        return bool(self.cooperate[-1] > self.cooperate[0])

    @property
    def fear(self) -> bool:
        """Whether a defector among defectors fares better than a cooperator there."""
        return bool(self.defect[0] > self.cooperate[0])

    @property
    def greed(self) -> bool:
        """Whether a defector among cooperators fares better than a cooperator there."""
        return bool(self.defect[-1] > self.cooperate[-1])

    @property
    def dilemma(self) -> bool:
        """Whether the two policies make the game a social dilemma (Hughes et al. 2018)."""
        return self.pays and self.needs_others and (self.fear or self.greed)


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
    setting: Setting, cooperator: str, defector: str, seeds: Sequence[int], play: Play = in_process
) -> Schelling:
    """Return the Schelling diagram of two policies, given as sources."""
    agents = setting.agents
    cooperate, defect = np.zeros(agents), np.zeros(agents)
    for count in range(agents + 1):
        mean = mixed(setting, {cooperator: count, defector: agents - count}, seeds, play)
        if count:
            cooperate[count - 1] = mean[cooperator]
        if count < agents:
            defect[count] = mean[defector]
    return Schelling(cooperate, defect)


def invasion(
    setting: Setting, resident: str, invader: str, seeds: Sequence[int], play: Play = in_process
) -> Invasion:
    """Return how one invader fares among ``agents - 1`` residents."""
    mean = mixed(setting, {resident: setting.agents - 1, invader: 1}, seeds, play)
    peaceful = mixed(setting, {resident: setting.agents}, seeds, play)
    return Invasion(mean[invader], mean[resident], peaceful[resident])


def cross_play(
    setting: Setting, sources: Sequence[str], seeds: Sequence[int], play: Play = in_process
) -> Floats:
    """Return how each policy fares with each other.

    Returns
    -------
    ndarray of shape (policies, policies)
        Mean return of an agent that runs the row's policy, when half of the seats (rounded up) run it and the
        others the column's; on the diagonal all run the same.
    """
    matrix = np.zeros((len(sources), len(sources)))
    for i, row in enumerate(sources):
        for j, column in enumerate(sources):
            half = -(-setting.agents // 2)
            counts = {row: setting.agents} if i == j else {row: half, column: setting.agents - half}
            matrix[i, j] = mixed(setting, counts, seeds, play)[row]
    return matrix


def mixed(setting: Setting, counts: Mapping[str, int], seeds: Sequence[int], play: Play) -> dict[str, float]:
    """Return the mean return of an agent of each policy, with so many agents of each."""
    sums = dict.fromkeys(counts, 0.0)
    sources = [source for source, count in counts.items() for _ in range(count)]
    for seed in seeds:
        order = np.random.default_rng([seed, 2]).permutation(len(sources))
        seated = [sources[k] for k in order]
        returns = play(setting, seated, seed).returns
        for seat, source in enumerate(seated):
            sums[source] += float(returns[seat])
    return {source: total / (counts[source] * len(seeds)) for source, total in sums.items() if counts[source]}
