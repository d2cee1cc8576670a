"""HS-PCFR+(30): predictive CFR+ with a hyperparameter schedule for averaging.

R <- [R + r]+
    policy proportional to [R + r]+ (the last regret predicts the next)
    C <- C + t^gamma * reach * policy, gamma = 30 - 5 t / T, T the horizon

Source: Zhang, McAleer, Sandholm (2024), Faster Game Solving via Hyperparameter Schedules, arXiv 2404.09097.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class HSPCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)
        self.prediction = regret

    def weights(self, t, policy, reach):
        gamma = 30 - 5 * t / self.horizon
        return 1, t**gamma

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.prediction)
