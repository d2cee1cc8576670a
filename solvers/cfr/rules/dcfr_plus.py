"""DCFR+: CFR+ with discounted regrets.

R <- [R * d(t - 1) + r]+, d(s) = s^alpha / (s^alpha + 1)
    policy proportional to R
    C <- C + t^gamma * reach * policy

The authors' code has +1.5 in the denominator of d; this is the +1 of the paper.

Source: Xu, Li, Liu, Fu, Fu, Xing, Cheng (2024), Minimizing Weighted Counterfactual Regret with Optimistic
Online Mirror Descent, arXiv 2404.13891.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class DCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    alpha = 1.5
    gamma = 4.0

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        discount = (t - 1) ** self.alpha / ((t - 1) ** self.alpha + 1)
        self.regret = np.maximum(self.regret * discount + regret, 0.0)

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret)
