"""Annealed MMD: magnetic mirror descent whose temperature falls, and whose last iterate counts.

As MMD (see mmd), with a temperature that depends on the iteration:

    tau = 1 / t
    next policy proportional to exp((eta q(a) + log b(a)) / (1 + eta tau))
    C <- reach * policy, the last one alone

with b the policy in play and q(a) its regret plus what the optima of the information sets that follow exceed
it by. Each temperature pulls towards a quantal response equilibrium; as it falls, these move to a Nash
equilibrium, and the last iterate with them. The authors lower temperatures likewise where they look for Nash
equilibria, but state no schedule for dilated entropy: this one, and eta, were chosen on small games of
training families (three-player Kuhn poker, Leduc poker, Goofspiel with 4 cards and Liar's Dice with 4-sided
dice), where after 1,000 iterations it is closer to a Nash equilibrium than MMD in each.

Source: Sokota, D'Orazio, Kolter, Loizou, Lanctot, Mitliagkas, Brown, Kroer (2023), A Unified Approach to
Reinforcement Learning, Quantal Response Equilibria, and Two-Player Zero-Sum Games, arXiv 2206.05825.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class AnnealedMMD(RegretMinimizer):
    scale_free = False
    first_average = 1
    eta = 3.0
    warmth = 1.0

    def start(self):
        self.logits = np.log(self.infosets.uniform())

    def observe(self, t, regret):
        tau = self.warmth / t
        for level in self.infosets.levels:
            gain = self.eta * regret[level.sequences]
            own = (gain + self.logits[level.sequences]) / (1 + self.eta * tau)
            largest = level.infosets.max(own)
            own -= level.infosets.spread(largest)
            total = np.log(level.infosets.sum(np.exp(own)))
            self.logits[level.sequences] = own - level.infosets.spread(total)
            level.pass_up((1 / self.eta + tau) * (largest + total), regret)

    def weights(self, t, policy, reach):
        return 0, 1

    def policy(self, t):
        return self.infosets.normalize(np.exp(self.logits))
