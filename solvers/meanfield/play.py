"""Mean-field games as learners play them, and policies in them with what measures ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashforge.games.meanfield.model import Floats, MeanFieldGame
from nashforge.solvers.meanfield.passes import distribution, nash_conv, policy_values, rewards
from nashforge.solvers.programs.trajectory import Policies


@dataclass(frozen=True, eq=False)
class MeanFieldTask:
    """A game that learners play.

    Attributes
    ----------
    name : str
        As it was given.
    game : MeanFieldGame
    """

    name: str
    game: MeanFieldGame

    @property
    def gap_name(self) -> str:
        """The name of the distance from equilibrium."""
        return "NashConv"

    @property
    def form(self) -> None:
        """None: it has no sequence form."""
        return None

    def labels_of(self, population: int) -> list[str]:
        """Return the labels of a population's states."""
        return [self.game.labels[state] for state in self.game.states_of[population]]

    def play(self, strategies: Policies = ()) -> MeanFieldPlay:
        """Return a policy of each population with what measures ask of them; without, of the game alone."""
        return MeanFieldPlay(self.name, self.game, strategies)


@dataclass(frozen=True, eq=False)
class MeanFieldPlay:
    """Policies of all populations in a game.

    Attributes
    ----------
    name : str
        Of the game.
    game : MeanFieldGame
    policies : tuple of ndarray
        One a population, shape ``(states, actions)``; none where nothing is played.
    """

    name: str
    game: MeanFieldGame
    policies: Policies = ()
    kinds = ("mean-field games",)

    @property
    def players(self) -> int:
        """Number of populations."""
        return self.game.populations

    @property
    def policy(self) -> Floats:
        """The policies of all populations as one array, shape ``(states, actions)``."""
        joint = np.empty(self.game.legal.shape)
        for states, policy in zip(self.game.states_of, self.policies, strict=True):
            joint[states] = policy
        return joint

    def values(self) -> list[float]:
        """Return what an agent of each population gets when all play the policies."""
        reward = rewards(self.game, distribution(self.game, self.policy))
        return [float(x) for x in policy_values(self.game, self.policy, reward).node[self.game.roots]]

    def exploitability(self) -> float:
        """Return NashConv: what an agent can gain, summed over populations."""
        return nash_conv(self.game, self.policy)
