"""The base of sampling schemes: iterations of walks, moves of others, averages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Protocol

from nashforge.games.loading.openspiel import State
from nashforge.solvers.mccfr.draws import Draws
from nashforge.solvers.mccfr.game import CHANCE, TERMINAL, SampledGame
from nashforge.solvers.mccfr.rules import SampledRule
from nashforge.solvers.mccfr.table import NOWHERE, Table


class Behaviour(Protocol):
    """Players who do not learn."""

    def probabilities(self, state: State, player: int) -> list[float]:
        """Return the probabilities of the legal actions at a decision."""


class Sampler(ABC):
    """A sampling scheme at work in a game: in each iteration it samples regrets of every player, in turn.

    Parameters
    ----------
    game, table, rule, draws
        What is played, what is learned, how, and by which luck.
    fixed
        How all players but the one in turn move, where they do not learn.

    Attributes
    ----------
    nodes : int
        Histories that were visited so far.
    averages_apart : bool
        Whether averages need walks of their own. With two players they do not, where both learn: while one
        walks, the other is met with its own probability of going there, times that of walk and chance.
    """

    def __init__(
        self, game: SampledGame, table: Table, rule: SampledRule, draws: Draws, fixed: Behaviour | None = None
    ) -> None:
        self.game, self.table, self.rule, self.draws, self.fixed = game, table, rule, draws, fixed
        self.nodes = 0
        self.averages_apart = fixed is not None or game.players != 2

    def iterate(self, t: int, players: Iterable[int]) -> None:
        """Do one iteration: sample each player's regrets, and update its policy by them."""
        weight = self.rule.weight(t)
        for player in players:
            if self.averages_apart and weight > 0.0:
                self.average(player, weight)
            self.walk(player, t, weight)

    @abstractmethod
    def walk(self, player: int, t: int, weight: float) -> None:
        """Sample the counterfactual regrets of one player, and let it learn from them.

        Parameters
        ----------
        weight
            Of what is played in this iteration, in averages that the walk itself adds to.
        """

    def average(self, player: int, weight: float) -> None:
        """Add what a player plays to its average, on a way that it chooses and others do not influence.

        The others move uniformly, or as they are fixed to. So how often an information set is met, but for
        its owner's own probability of going there, is the same in all iterations, which is what an average by
        reach needs; and no weight is divided by a probability. With more than two players, meeting it where
        others *play* to it would weigh iterations by what they happened to play.
        """
        state, own = self.game.start(), self.nowhere()
        while True:
            self.nodes += 1
            mover = state.current_player()
            if mover == player:
                node = self.table.at(state, player, own)
                node.weigh(weight)
                a = self.draws.index(node.policy)
                own[player] = node.first + a
                state.apply_action(node.actions[a])
            elif mover == TERMINAL:
                return
            elif mover == CHANCE:
                self.chance(state)
            else:
                actions = state.legal_actions()
                if self.fixed is None:
                    probabilities = [1.0 / len(actions)] * len(actions)
                else:
                    probabilities = self.fixed.probabilities(state, mover)
                state.apply_action(actions[self.draws.index(probabilities)])

    def chance(self, state: State) -> None:
        """Let chance move."""
        outcomes = state.chance_outcomes()
        state.apply_action(outcomes[self.draws.index([p for _, p in outcomes])][0])

    def nowhere(self) -> list[int]:
        """Return the last sequence of each player at the root."""
        return [NOWHERE] * self.game.players
