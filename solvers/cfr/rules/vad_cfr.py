"""VAD-CFR: volatility-adaptive discounted CFR.

Found by a language model in an evolutionary loop. With m = max |r| of the information set:

    volatility = min(1, e / 2), e a moving average of m
    R <- max(-20, R * d(t) + r~), r~ = 1.1 r where r > 0, discounts as in DCFR with exponents
    1.5 - 0.5 volatility where R >= 0 and -0.1 - 0.5 volatility elsewhere
    policy proportional to [R * d+(t) + o r~]+^1.5, o = (1 - 0.5 volatility) / (1 + (t - 1) / 100)
    C <- C + t^gamma / (1 + m^1.5) * sqrt(1 + m / 2) * reach * policy, after 500 iterations,
    gamma = 2 + 1.5 min(1, m / 2)

The published listing counts iterations from 0 and overwrites one moving average at every information set;
here iterations count from 1 and every information set has its own.

Source: Li, Schultz, Hennes, Lanctot (2026), Discovering Multiagent Learning Algorithms with Large Language
Models, arXiv 2602.16928, appendix.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class VADCFR(RegretMinimizer):
    scale_free = False
    first_average = 501
    memory = 0.9
    alpha = 1.5
    beta = -0.1
    sensitivity = 0.5
    volatility_scale = 2.0
    boost = 1.1
    floor = -20.0
    optimism_decay = 100
    exponent = 1.5
    warm_up = 500
    gamma = 2.0
    largest_gamma = 4.0
    gamma_sensitivity = 1.5

    def start(self):
        self.regret = self.infosets.zeros()
        self.projection = self.infosets.zeros()
        self.magnitude = np.zeros(self.infosets.count)
        self.smoothed = np.zeros(self.infosets.count)

    def observe(self, t, regret):
        self.magnitude = self.infosets.max(np.abs(regret))
        if t == 1:
            self.smoothed = self.magnitude
        else:
            self.smoothed = self.memory * self.smoothed + (1 - self.memory) * self.magnitude
        volatility = np.minimum(1.0, self.smoothed / self.volatility_scale)
        alpha = np.maximum(0.1, self.alpha - self.sensitivity * volatility)
        beta = np.minimum(alpha, self.beta - self.sensitivity * volatility)
        positive = self.infosets.spread(t**alpha / (t**alpha + 1))
        negative = self.infosets.spread(t**beta / (t**beta + 1))

        boosted = np.where(regret > 0, self.boost * regret, regret)
        discount = np.where(self.regret >= 0, positive, negative)
        self.regret = np.maximum(self.floor, self.regret * discount + boosted)

        optimism = np.maximum(0.0, 1 - self.sensitivity * volatility) / (1 + (t - 1) / self.optimism_decay)
        discount = np.where(self.regret >= 0, positive, negative)
        self.projection = self.regret * discount + self.infosets.spread(optimism) * boosted

    def weights(self, t, policy, reach):
        if t <= self.warm_up:
            return 1, 0
        instability = np.minimum(1.0, self.magnitude / self.volatility_scale)
        gamma = np.minimum(self.largest_gamma, self.gamma + self.gamma_sensitivity * instability)
        damping = np.maximum(0.1, np.sqrt(1 + self.magnitude / self.volatility_scale))
        return 1, t**gamma / (1 + self.magnitude**1.5) * damping

    def policy(self, t):
        return self.infosets.normalize(np.maximum(self.projection, 0.0) ** self.exponent)
