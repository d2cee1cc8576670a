"""Chance sampling: all actions of all players, one of chance's."""

from __future__ import annotations

from typing import Any

from nashforge.games.loading.openspiel import State
from nashforge.solvers.mccfr.game import CHANCE, TERMINAL
from nashforge.solvers.mccfr.sampler import Sampler
from nashforge.solvers.mccfr.table import Node


class ChanceSampling(Sampler):
    """CFR with sampled chance.

    Where chance moves, one of its moves is drawn; what players choose is weighed as in CFR, so that an
    average knows its reach. An information set may be met in several histories of one walk, whose regrets are
    summed before a rule takes them in.

    Source: Zinkevich, Johanson, Bowling, Piccione (2007), Regret Minimization in Games with Incomplete
    Information, section 4.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.averages_apart = False

    def walk(self, player: int, t: int, weight: float) -> None:
        """See `Sampler`."""
        met: list[Node] = []
        self._value(self.game.start(), player, weight, self.nowhere(), 1.0, 1.0, met)
        for node in met:
            assert node.pending is not None
            node.add(self.rule, node.pending, t)
            node.pending = None

    def _value(
        self,
        state: State,
        player: int,
        weight: float,
        own: list[int],
        mine: float,
        others: float,
        met: list[Node],
    ) -> float:
        """Return the value of a history for the player, under what chance is drawn to do.

        Parameters
        ----------
        mine, others
            The player's own probability of reaching it, and that of the others without chance.
        met
            Takes the player's information sets in.
        """
        if mine == 0.0 and others == 0.0:
            return 0.0  # it changes neither regrets nor averages, here and above
        mover = CHANCE
        while mover == CHANCE:
            self.nodes += 1
            mover = state.current_player()
            if mover == CHANCE:
                self.chance(state)
        if mover == TERMINAL:
            return float(state.returns()[player])
        if self.fixed is not None and mover != player:
            actions, policy, first = state.legal_actions(), self.fixed.probabilities(state, mover), 0
        else:
            node = self.table.at(state, mover, own)
            actions, policy, first = node.actions, node.policy, node.first
        values, value, last = [], 0.0, len(actions) - 1
        for a, action in enumerate(actions):
            child, then = (state.child(action), own.copy()) if a < last else (state, own)
            if a == last:
                child.apply_action(action)
            then[mover] = first + a
            p = policy[a]
            reach = (mine * p, others) if mover == player else (mine, others * p)
            values.append(self._value(child, player, weight, then, *reach, met))
            value += p * values[a]
        if mover == player:
            if node.pending is None:
                node.pending = [0.0] * len(actions)
                met.append(node)
            for a, each in enumerate(values):
                node.pending[a] += others * (each - value)
            node.weigh(weight * mine)
        return value
