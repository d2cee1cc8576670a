"""CFR+: regret matching+ with linear averaging.

R <- [R + r]+
    policy proportional to R
    C <- C + t * reach * policy

Source: Tammelin (2014), Solving Large Imperfect Information Games Using CFR+, arXiv 1407.5042.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class CFRPlus(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret)
