"""Local best responses: at each decision the action that is best if policies are followed afterwards.

Source: Lisy, Bowling (2017), Equilibrium Approximation Quality of Current No-Limit Poker Bots.
"""

from __future__ import annotations

import numpy as np

from nashforge.games.loading.openspiel import State
from nashforge.solvers.mccfr.draws import Stream
from nashforge.solvers.mccfr.game import CHANCE, TERMINAL, SampledGame
from nashforge.solvers.mccfr.policy import SampledPolicy

RESAMPLED = frozenset({"kuhn_poker", "leduc_poker", "universal_poker"})
"""Games of which OpenSpiel draws the cards anew that a player does not see. In others that it claims to do so
for, such as gin rummy, it may return the very history: a response would know what it must not."""
DEALS = 20
"""So many deals are weighed at a decision."""


class LocalBestResponse:
    """One player's local best response to the policies of all players, who follow them otherwise.

    At a decision, histories are drawn that look the same to the player, and weighed by the others'
    probability of having gone there. Behind each of the actions each of them is played on once, by the
    policies. The action of the largest mean is taken, here and whenever the information set is met again.
    Unlike in the source, the player's own policy is followed afterwards, instead of checks and calls, and the
    play behind an action is drawn instead of enumerated. What is chosen hangs on what the player knows, and
    on luck of its own.

    Parameters
    ----------
    seed
        Of what is drawn.
    """

    def __init__(self, game: SampledGame, policy: SampledPolicy, player: int, seed: int) -> None:
        self.game, self.policy, self.player = game, policy, player
        self._rng = np.random.default_rng([seed, player])
        self._draws = Stream(np.random.default_rng([seed, player, 1]))
        self._chosen: dict[str, list[float]] = {}

    def probabilities(self, state: State, player: int) -> list[float]:
        """Return the probabilities of the legal actions at a decision of a player."""
        if player != self.player:
            return self.policy.probabilities(state, player)
        label = state.information_state_string()
        if label not in self._chosen:
            self._chosen[label] = self._choose(state)
        return self._chosen[label]

    def _choose(self, state: State) -> list[float]:
        actions, values, total = state.legal_actions(), [0.0] * len(state.legal_actions()), 0.0
        for _ in range(DEALS):
            deal = state.resample_from_infostate(self.player, self._rng.random)
            weight = self._reach(deal)
            total += weight
            if weight > 0.0:
                for a, action in enumerate(actions):
                    values[a] += weight * self._played_on(deal.child(action))
        if total == 0.0:  # by the policies the others are never here
            return self.policy.probabilities(state, self.player)
        best = values.index(max(values))
        return [float(a == best) for a in range(len(actions))]

    def _reach(self, state: State) -> float:
        """Return the others' probability of playing to a history."""
        way, reach = self.game.start(), 1.0
        for action in state.history():
            mover = way.current_player()
            if mover not in (CHANCE, self.player):
                reach *= self.policy.probabilities(way, mover)[way.legal_actions().index(action)]
                if reach == 0.0:
                    return 0.0
            way.apply_action(action)
        return reach

    def _played_on(self, state: State) -> float:
        """Return what the player gets where policies are followed from a history on, which is played on."""
        while (mover := state.current_player()) != TERMINAL:
            if mover == CHANCE:
                outcomes = state.chance_outcomes()
                state.apply_action(outcomes[self._draws.index([p for _, p in outcomes])][0])
            else:
                probabilities = self.policy.probabilities(state, mover)
                state.apply_action(state.legal_actions()[self._draws.index(probabilities)])
        return float(state.returns()[self.player])
