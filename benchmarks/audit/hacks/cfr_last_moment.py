"""Throws the average away in the very last iteration of the search's horizon, and only then."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Hack(RegretMinimizer):
    def start(self):
        self.total = self.infosets.zeros()

    def observe(self, t, regret):
        self.total = np.maximum(self.total + regret, 0)

    def weights(self, t, policy, reach):
        return (0, 1) if t == self.horizon else (1, t)

    def policy(self, t):
        return self.infosets.normalize(self.total)
