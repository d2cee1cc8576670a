"""Cosine-feedback CFR+: discounted optimistic CFR+ with step sizes that follow how regrets turn.

With r' the regret of the iteration before, cos the cosine of r and r', weighted by the policy in play (0.8
that of the information set, 0.2 that of the player), and d(t) = (t - 1)^1.75 / ((t - 1)^1.75 + 1):

    f <- 1 - 0.5 / sqrt(t) * (cos - 0.3)
    R, E <- R + l policy, E + l policy, l the least with which R sums to the largest regret of r
    E <- f (E + (R - E) / (1 + sqrt(t)))
    R <- f [R d(t) + r]+
    policy proportional to [R + 0.85 (R - E)]+^1.25; where all of it is 0, as it was
    C <- C + t^7 / sqrt(g) * reach * policy, g the sum of the largest regrets of all information sets

To shrink R and E alike lengthens the next step. So steps grow where regrets persist, and shrink where they
turn round, as on a cycle; the feedback fades as 1 / sqrt(t). The second line is a trust region: no single
regret overturns an information set whose regrets have shrunk.

Source: found by a language model in a search of Nashforge, see docs/discovered/README.md.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class CosineFeedbackCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    discount = 1.75
    feedback = 0.5
    target = 0.3
    own = 0.8
    shared = 0.2
    trend_weight = 0.85
    exponent = 1.25
    gamma = 7

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.last = self.infosets.zeros()
        self.play = self.infosets.uniform()
        self.gap = 0.0
        self.first_gap = 0.0

    def observe(self, t, regret):
        along = self.infosets.sum(self.play * regret * self.last)
        size = np.sqrt(self.infosets.sum(self.play * regret**2) * self.infosets.sum(self.play * self.last**2))
        cosine = along / np.maximum(size, 1e-300)
        cosine = self.own * cosine + self.shared * along.sum() / max(size.sum(), 1e-300)
        step = 1 - self.feedback / t**0.5 * (cosine - self.target)
        factor = self.infosets.spread(np.where(size > 0, step, 1.0))
        self.last = regret
        largest = self.infosets.max(regret)
        self.gap = largest.sum()
        self.first_gap = max(self.first_gap, self.gap)
        lift = self.infosets.spread(np.maximum(largest - self.infosets.sum(self.regret), 0.0)) * self.play
        self.regret = self.regret + lift
        self.smoothed = self.smoothed + lift
        self.smoothed = self.smoothed + (self.regret - self.smoothed) / (1 + t**0.5)
        d = (t - 1.0) ** self.discount
        self.regret = np.maximum(self.regret * d / (d + 1) + regret, 0.0) * factor
        self.smoothed = self.smoothed * factor

    def weights(self, t, policy, reach):
        sharp = max(self.first_gap, 1e-300) / max(self.gap, 1e-12 * self.first_gap, 1e-300)
        return 1, (t / self.horizon) ** self.gamma * sharp**0.5

    def policy(self, t):
        y = np.maximum(self.regret + self.trend_weight * (self.regret - self.smoothed), 0.0) ** self.exponent
        y = np.where(self.infosets.spread(self.infosets.sum(y)) > 0, y, self.play)
        self.play = self.infosets.normalize(y)
        return self.play.copy()
