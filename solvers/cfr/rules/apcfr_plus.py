"""APCFR+: asymmetric predictive CFR+.

R <- [R + r]+
    policy proportional to [R + r / (1 + alpha)]+
    alpha = min(5, sqrt(sum_s |r_s - r_(s-1)|^2 / sum_s |R_(s+1) - R_s|^2)), per information set
    C <- C + t^2 * reach * policy

Source: Asymmetric Predictive CFR+ (2025), arXiv 2503.12770.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class APCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    largest_alpha = 5.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()
        self.surprise = np.zeros(self.infosets.count)
        self.movement = np.zeros(self.infosets.count)

    def observe(self, t, regret):
        updated = np.maximum(self.regret + regret, 0.0)
        self.surprise = self.surprise + self.infosets.sum((regret - self.prediction) ** 2)
        self.movement = self.movement + self.infosets.sum((updated - self.regret) ** 2)
        self.regret = updated
        self.prediction = regret

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        moved = self.movement > 0
        ratio = np.divide(self.surprise, self.movement, out=np.zeros(self.infosets.count), where=moved)
        alpha = np.minimum(np.sqrt(ratio), self.largest_alpha)
        alpha = np.where(moved, alpha, np.where(self.surprise > 0, self.largest_alpha, 0.0))
        return self.infosets.normalize(self.regret + self.prediction / (1 + self.infosets.spread(alpha)))
