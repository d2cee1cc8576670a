"""CFR: counterfactual regret minimisation with regret matching.

R <- R + r
    policy proportional to [R]+
    C <- C + reach * policy

Source: Zinkevich, Johanson, Bowling, Piccione (2007), Regret Minimization in Games with
Incomplete Information.
"""

from solvers.cfr.interface import RegretMinimizer


class CFR(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret

    def accumulate(self, t, policy, reach, average):
        return average + reach * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret)
