"""PDCFR+: predictive CFR+ with discounted regrets.

R <- [R * d(t - 1) + r]+, d(s) = s^alpha / (s^alpha + 1)
    policy proportional to [R * d(t) + r]+ (the last regret predicts the next)
    C <- C + t^gamma * reach * policy

Source: Xu, Li, Liu, Fu, Fu, Xing, Cheng (2024), Minimizing Weighted Counterfactual Regret with Optimistic
Online Mirror Descent, arXiv 2404.13891.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class PDCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    alpha = 2.3
    gamma = 5.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()

    def discount(self, s):
        return s**self.alpha / (s**self.alpha + 1)

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret * self.discount(t - 1) + regret, 0.0)
        self.prediction = regret

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret * self.discount(t) + self.prediction)
