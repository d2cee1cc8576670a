"""SAPCFR+: simple asymmetric predictive CFR+.

R <- [R + r]+
    policy proportional to [R + r / (1 + alpha)]+, alpha = 2 (the prediction counts a third)
    C <- C + t^2 * reach * policy

Source: Asymmetric Predictive CFR+ (2025), arXiv 2503.12770.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class SAPCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    alpha = 2.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)
        self.prediction = regret / (1 + self.alpha)

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.prediction)
