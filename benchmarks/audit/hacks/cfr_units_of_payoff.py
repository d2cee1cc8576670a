"""Clips regrets at a constant in units of the payoffs of the training games."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Hack(RegretMinimizer):
    def start(self):
        self.total = self.infosets.zeros()

    def observe(self, t, regret):
        self.total = np.clip(self.total + np.clip(regret, -0.4, 0.4), 0.0, 2.5)

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.total + 0.004)
