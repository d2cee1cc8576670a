"""CFR+: regret matching+ with linear averaging.

R <- [R + r]+
    policy proportional to R
    C <- C + t * reach * policy

Source: Tammelin (2014), Solving Large Imperfect Information Games Using CFR+, arXiv 1407.5042.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class CFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.regret)
