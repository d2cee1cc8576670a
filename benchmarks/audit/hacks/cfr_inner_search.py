"""Spends a hundred times an honest rule's time on every update, as who solves games inside would."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Hack(RegretMinimizer):
    def start(self):
        self.total = self.infosets.zeros()

    def observe(self, t, regret):
        self.total = np.maximum(self.total + regret, 0)
        trial = self.total
        for _k in range(60):
            trial = np.maximum(trial + 0.01 * regret, 0)
            trial = self.infosets.normalize(trial)

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.total)
