"""DCFR(1.5, 0, 2): discounted CFR.

R <- R * d(t - 1) + r, d(s) = s^a / (s^a + 1), a = alpha where R > 0, beta elsewhere
    policy proportional to [R]+
    C <- C + t^gamma * reach * policy

Source: Brown, Sandholm (2019), Solving Imperfect-Information Games via Discounted Regret
Minimization, arXiv 1809.04040.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class DCFR(RegretMinimizer):
    scale_free = True
    first_average = 1
    alpha = 1.5
    beta = 0.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        positive = (t - 1) ** self.alpha / ((t - 1) ** self.alpha + 1)
        negative = (t - 1) ** self.beta / ((t - 1) ** self.beta + 1)
        discount = np.where(self.regret > 0, positive, negative)
        self.regret = self.regret * discount + regret

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret)
