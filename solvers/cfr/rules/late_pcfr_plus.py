"""Late PCFR+: predictive CFR+ whose average begins at half of the horizon.

R <- [R + r]+
    policy proportional to [R + r]+ (the last regret predicts the next)
    C <- C + t^2 * reach * policy, after T / 2 iterations, T the horizon

The first policies are far from equilibrium, and even quadratic weights keep them for long. To begin the
average late is the first of the suffix averages of stochastic optimisation, here with PCFR+.

Source: Farina, Kroer, Sandholm (2021), Faster Game Solving via Predictive Blackwell Approachability, arXiv
2007.14358; suffix averaging: Rakhlin, Shamir, Sridharan (2012), Making Gradient Descent Optimal for
Strongly Convex Stochastic Optimization, arXiv 1109.5647.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class LatePCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 0.5
    gamma = 2.0
    begin = 0.5

    def start(self):
        self.regret = self.infosets.zeros()
        self.prediction = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)
        self.prediction = regret

    def weights(self, t, policy, reach):
        return 1, t**self.gamma if t > int(self.begin * self.horizon) else 0

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.prediction)
