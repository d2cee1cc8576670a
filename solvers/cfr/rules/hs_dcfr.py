"""HS-DCFR(30): discounted CFR with hyperparameter schedules.

R <- R * d(t - 1) + r, d(s) = s^a / (s^a + 1), a = alpha where R > 0, beta elsewhere,
    alpha = 1 + 3 t / T, beta = -1 - 2 t / T, T the horizon
    policy proportional to [R]+
    C <- C + t^gamma * reach * policy, gamma = 30 - 5 t / T

Source: Zhang, McAleer, Sandholm (2024), Faster Game Solving via Hyperparameter Schedules, arXiv 2404.09097.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class HSDCFR(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        alpha = 1 + 3 * t / self.horizon
        beta = -1 - 2 * t / self.horizon
        # In the first iteration the regrets are zero: any finite discount will do.
        s = max(t - 1, 1)
        discount = np.where(self.regret > 0, s**alpha / (s**alpha + 1), s**beta / (s**beta + 1))
        self.regret = self.regret * discount + regret

    def weights(self, t, policy, reach):
        gamma = 30 - 5 * t / self.horizon
        return 1, t**gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret)
