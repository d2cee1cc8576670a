"""Outcome sampling: one history at a time."""

from __future__ import annotations

from typing import Any

from nashforge.solvers.mccfr.game import CHANCE, TERMINAL
from nashforge.solvers.mccfr.sampler import Sampler
from nashforge.solvers.mccfr.table import Node

EXPLORATION = 0.6
"""As Lanctot et al. (2009) and OpenSpiel have it."""
BASELINE_STEP = 0.5
"""How far a baseline goes towards what was sampled, as Schmid et al. (2019) have it."""


class OutcomeSampling(Sampler):
    """MCCFR with outcome sampling, whose variance baselines reduce.

    The player in turn moves uniformly with probability ``exploration``, else by its policy; everybody else by
    what they play. With ``x(a)`` the probability that action ``a`` was drawn with, ``b(a)`` its baseline and
    ``v'`` the value of what came after it, backwards along the history

        v(a) = b(a) + (v' - b(a)) / x(a) for the action drawn, b(a) for the others
        v = sum over a of policy(a) v(a)
        r(I, a) = (v(a) - v) / (the player's own probability of drawing the way to I),

    which is unbiased whatever the baselines are, as long as they are those of before the walk. Each is an
    average of the ``v'`` behind its action, kept by information set and by whose value it is; without them,
    ``b = 0``. With two players what the other one plays on the way enters its average, divided by the
    player's own probability of drawing it.

    Sources: Lanctot, Waugh, Zinkevich, Bowling (2009), Monte Carlo Sampling for Regret Minimization in
    Extensive Games; Schmid, Burch, Lanctot, Moravcik, Kadlec, Bowling (2019), Variance Reduction in Monte
    Carlo Counterfactual Regret Minimization (VR-MCCFR) for Extensive Form Games using Baselines.

    Parameters
    ----------
    exploration
        Above 0, and at most 1.
    baseline
        Whether there are baselines.
    """

    def __init__(
        self, *arguments: Any, exploration: float = EXPLORATION, baseline: bool = True, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self.exploration, self.baseline = exploration, baseline

    def walk(self, player: int, t: int, weight: float) -> None:
        """See `Sampler`."""
        state, own, table, fixed = self.game.start(), self.nowhere(), self.table, self.fixed
        epsilon = self.exploration
        way: list[tuple[Node, int, float, float]] = []  # node, action, its probability, own reach when drawn
        drawn = 1.0
        while True:
            self.nodes += 1
            mover = state.current_player()
            if mover == TERMINAL:
                break
            if mover == CHANCE:
                self.chance(state)
                continue
            if fixed is not None and mover != player:
                a = self.draws.index(fixed.probabilities(state, mover))
                state.apply_action(state.legal_actions()[a])
                continue
            node = table.at(state, mover, own)
            policy = node.policy
            if mover == player:
                uniform = epsilon / len(policy)
                mixed = [uniform + (1.0 - epsilon) * p for p in policy]
                a = self.draws.index(mixed)
                way.append((node, a, mixed[a], drawn))
                drawn *= mixed[a]
            else:
                if not self.averages_apart and weight > 0.0:
                    node.weigh(weight / drawn)
                a = self.draws.index(policy)
                way.append((node, a, policy[a], 0.0))
            own[mover] = node.first + a
            state.apply_action(node.actions[a])
        self._back(way, player, t, float(state.returns()[player]))

    def _back(self, way: list[tuple[Node, int, float, float]], player: int, t: int, value: float) -> None:
        """Carry a value back along its history, and let the player learn from it."""
        for node, a, probability, drawn in reversed(way):
            values = self._baselines(node, player)
            after = value
            expected = values[a]
            values = values.copy() if self.baseline else values
            values[a] = expected + (after - expected) / probability
            value = 0.0
            for p, each in zip(node.policy, values, strict=True):
                value += p * each
            if self.baseline:
                node.baselines[player][a] = expected + BASELINE_STEP * (after - expected)
            if drawn > 0.0:  # a decision of the player's own
                node.add(self.rule, [(each - value) / drawn for each in values], t)

    def _baselines(self, node: Node, player: int) -> list[float]:
        if not self.baseline:
            return [0.0] * len(node.policy)
        return node.baselines.setdefault(player, [0.0] * len(node.policy))
