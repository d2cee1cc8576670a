"""LCFR: linear CFR.

R <- R (t - 1) / t + r
    policy proportional to [R]+
    C <- C + t * reach * policy

Source: Brown, Sandholm (2019), Solving Imperfect-Information Games via Discounted Regret
Minimization, arXiv 1809.04040.
"""

from nashforge.solvers.cfr.interface import RegretMinimizer


class LCFR(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret * (t - 1) / t + regret

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.regret)
