"""CFR: counterfactual regret minimisation with regret matching.

R <- R + r
    policy proportional to [R]+
    C <- C + reach * policy

Source: Zinkevich, Johanson, Bowling, Piccione (2007), Regret Minimization in Games with
Incomplete Information.
"""

from nashforge.solvers.cfr.interface import RegretMinimizer


class CFR(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret

    def weights(self, t, policy, reach):
        return 1, 1

    def policy(self, t):
        return self.infosets.normalize(self.regret)
