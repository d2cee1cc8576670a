"""External sampling: all actions of one player, one of everybody else's."""

from __future__ import annotations

from nashforge.games.loading.openspiel import State
from nashforge.solvers.mccfr.game import CHANCE, TERMINAL
from nashforge.solvers.mccfr.sampler import Sampler


class ExternalSampling(Sampler):
    """MCCFR with external sampling.

    Chance and the other players are sampled by what they play, so that the values of the player's actions on
    the way, weighed by nothing, are unbiased: ``r(I, a) = u(a) - sum over b of policy(b) u(b)``. With two
    players what the other one plays on the way enters its average as it is.

    Source: Lanctot, Waugh, Zinkevich, Bowling (2009), Monte Carlo Sampling for Regret Minimization in
    Extensive Games.
    """

    def walk(self, player: int, t: int, weight: float) -> None:
        """See `Sampler`."""
        self._value(self.game.start(), player, t, weight, self.nowhere())

    def _value(self, state: State, player: int, t: int, weight: float, own: list[int]) -> float:
        """Return the sampled value of a history for the player; the state is played on."""
        index, table, fixed = self.draws.index, self.table, self.fixed
        while True:
            self.nodes += 1
            mover = state.current_player()
            if mover == player:
                break
            if mover == TERMINAL:
                return float(state.returns()[player])
            if mover == CHANCE:
                self.chance(state)
            elif fixed is not None:
                a = index(fixed.probabilities(state, mover))
                state.apply_action(state.legal_actions()[a])
            else:
                node = table.at(state, mover, own)
                if not self.averages_apart and weight > 0.0:
                    node.weigh(weight)
                a = index(node.policy)
                own[mover] = node.first + a
                state.apply_action(node.actions[a])
        node = table.at(state, player, own)
        policy, values, value = node.policy, [], 0.0
        last = len(node.actions) - 1
        for a, action in enumerate(node.actions):
            if a < last:
                child, then = state.child(action), own.copy()
            else:  # the last child may have its parent's state
                child, then = state, own
                child.apply_action(action)
            then[player] = node.first + a
            values.append(self._value(child, player, t, weight, then))
            value += policy[a] * values[a]
        node.add(self.rule, [each - value for each in values], t)
        return value
