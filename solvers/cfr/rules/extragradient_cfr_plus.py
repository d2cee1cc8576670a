"""Extragradient CFR+: a trial step with the regrets in play, then the step with the regrets found there.

Two iterations make a step, the first to a point H that is tried, the second back from R:

    t odd:  H <- P(R + eta r), at first R is 1 / n for each of n actions; policy proportional to H
    t even: R <- P(R + eta r), r the regrets of H; policy proportional to R
    C <- C + t^2 * reach * policy, of the policies that were tried

with P the Euclidean projection onto the vectors without negative entries that sum to 1 at least. Published
for matrix games, with both players at once, as ExRM+; here it works in every information set, and players
take turns.

Source: Farina, Grand-Clement, Kroer, Lee, Luo (2023), Regret Matching+: (In)Stability and Fast Convergence
in Games, arXiv 2305.14709; Cai, Farina, Grand-Clement, Kroer, Lee, Luo, Zheng (2023), Last-Iterate
Convergence Properties of Regret-Matching Algorithms in Games, arXiv 2311.00676.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class ExtragradientCFRPlus(RegretMinimizer):
    eta = 1.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.uniform()
        self.played = self.regret

    def observe(self, t, regret):
        self.played = self.above_the_floor(self.regret + self.eta * regret)
        if t % 2 == 0:
            self.regret = self.played

    def above_the_floor(self, regret):
        positive = np.maximum(regret, 0.0)
        short = self.infosets.sum(positive) < 1.0
        if not short.any():
            return positive
        return np.where(self.infosets.spread(short), self.infosets.project(regret), positive)

    def weights(self, t, policy, reach):
        return 1, t**self.gamma if t % 2 == 0 else 0

    def policy(self, t):
        return self.infosets.normalize(self.played)
