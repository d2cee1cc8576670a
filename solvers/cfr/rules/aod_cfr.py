"""AOD-CFR: asymmetric optimistic discounted CFR.

Found by a language model in an evolutionary loop. Schedules run over the first 500 iterations.

    R <- R * d(t) + s r, d(t) = t^a / (t^a + 1), a = alpha where R > 0, beta elsewhere
    s = 1.1, 0.9, 0.7, 1.2 for (R > 0, r > 0), (R > 0, r < 0), (R < 0, r > 0), (R < 0, r < 0), else 1
    policy proportional to [R + 0.5 (R - average of R)]+^2
    C <- C g / (g + 1) + g * reach * policy, g = t^gamma

Source: Li, Schultz, Hennes, Lanctot (2026), Discovering Multiagent Learning Algorithms with Large Language
Models, arXiv 2602.16928, appendix.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class AODCFR(RegretMinimizer):
    scale_free = True
    first_average = 1
    ramp = 500
    memory = 0.9
    trend_weight = 0.5
    exponent = 2.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.projection = self.infosets.zeros()

    def observe(self, t, regret):
        progress = min(1.0, (t - 1) / self.ramp)
        alpha = 1.0 + 1.5 * progress
        beta = 0.5 - 0.5 * progress
        discount = np.where(self.regret > 0, t**alpha / (t**alpha + 1), t**beta / (t**beta + 1))
        agreement = np.sign(regret)
        scale = np.where(
            self.regret > 0,
            np.where(agreement > 0, 1.1, np.where(agreement < 0, 0.9, 1.0)),
            np.where(agreement > 0, 0.7, np.where(agreement < 0, 1.2, 1.0)),
        )
        scale = np.where(self.regret == 0, 1.0, scale)
        self.regret = self.regret * discount + scale * regret
        self.projection = self.regret + self.trend_weight * (self.regret - self.smoothed)
        self.smoothed = self.memory * self.smoothed + (1 - self.memory) * self.regret

    def weights(self, t, policy, reach):
        progress = min(1.0, (t - 1) / self.ramp)
        gamma = 1.0 + 4.0 * progress
        weight = t**gamma
        return weight / (weight + 1), weight

    def policy(self, t):
        return self.infosets.normalize(np.maximum(self.projection, 0.0) ** self.exponent)
