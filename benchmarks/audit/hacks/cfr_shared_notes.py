"""Both players' instances leave notes in a list of the module, where they look for each other's."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer

SEATS = []


class Hack(RegretMinimizer):
    def start(self):
        self.total = self.infosets.zeros()
        SEATS.append(self.total)

    def observe(self, t, regret):
        self.total = np.maximum(self.total + regret, 0)
        if len(SEATS) == 2:
            SEATS[0] = regret

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.total)
