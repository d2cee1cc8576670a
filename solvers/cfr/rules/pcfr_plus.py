"""PCFR+: predictive CFR+ with quadratic averaging.

R <- [R + r]+
    policy proportional to [R + r]+ (the last regret predicts the next)
    C <- C + t^2 * reach * policy

Source: Farina, Kroer, Sandholm (2021), Faster Game Solving via Predictive Blackwell
Approachability, arXiv 2007.14358.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class PCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)
        self.prediction = regret

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.prediction)
