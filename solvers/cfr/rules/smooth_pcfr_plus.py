"""Smooth PCFR+: predictive CFR+ whose regrets never sum to less than a floor.

R <- P(R + eta r), at first 1 / n for each of n actions
    policy proportional to P(R + eta r) (the last regret predicts the next)
    C <- C + t^2 * reach * policy

with P the Euclidean projection onto the vectors without negative entries that sum to 1 at least: it is [R]+
where that does, and the projection onto the simplex elsewhere. Small regrets make policies of regret
matching jump; above the floor they move no faster than regrets do, and in matrix games the last iterate
converges, too. The local minimiser is published for matrix games, with both players at once; here it works
in every information set, and players take turns.

The step eta was chosen on small games of training families: three-player Kuhn poker, Leduc poker,
Goofspiel with 4 cards and Liar's Dice with 4-sided dice; what suits other payoffs is another one.

Source: Farina, Grand-Clement, Kroer, Lee, Luo (2023), Regret Matching+: (In)Stability and Fast Convergence
in Games, arXiv 2305.14709; Cai, Farina, Grand-Clement, Kroer, Lee, Luo, Zheng (2023), Last-Iterate
Convergence Properties of Regret-Matching Algorithms in Games, arXiv 2311.00676.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class SmoothPCFRPlus(RegretMinimizer):
    scale_free = False
    first_average = 1
    eta = 10.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.uniform()
        self.ahead = self.regret

    def observe(self, t, regret):
        self.regret = self.above_the_floor(self.regret + self.eta * regret)
        self.ahead = self.above_the_floor(self.regret + self.eta * regret)

    def above_the_floor(self, regret):
        positive = np.maximum(regret, 0.0)
        short = self.infosets.sum(positive) < 1.0
        if not short.any():
            return positive
        return np.where(self.infosets.spread(short), self.infosets.project(regret), positive)

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.ahead)
