# Nashforge program quiet-chinchilla (cfr, 6274529a2600c9658420431993db5ada3069ad0e2dfcc555a2d408b0e3101698)
# Run evolution-3, candidate 196, proposed by offline.
# Fitness: train +2.656, validation +1.812, test -
# (orders of magnitude lower exploitability than DCFR, mean over the games (1 = ten times lower))
# Lineage:
#   #0 teal-shrike (train -0.149): seed cfr_plus
#   #1 gleaming-boa (train -0.058): discount the cumulative regrets with exponent 2.3, less where
#     recent regrets are large
#   #5 frosty-dragonfly (train -0.039): volatility_scale 2.8 -> 2
#   #6 bronze-cockatoo (train +0.294): average nothing in the first 0.5 of the horizon; weigh policies
#     in the average by t^2.4
#   #25 fond-zebu (train +1.102): predict the last regrets with weight 1.3 times the steadiness of
#     their sign
#   #28 even-iguana (train +1.131): begin the average anew whenever the iteration is a power of two
#   #85 mighty-bunting (train +1.331): volatility_scale 2 -> 1.3; discount the cumulative regrets with
#     alpha 1.9; memory 0.954 -> 0.956; discount the cumulative regrets with alpha 2.4
#   #92 cosmic-lion (train +1.303): replace t**self.gamma * reach by t**self.gamma in accumulate()
#   #103 quiet-wolf (train +1.297): take policy() from DiscountedAsymmetricClippedCFR
#   #104 rare-tiger (train +1.991): move the regrets on along their distance to a moving average,
#     weight 1; raise the positive regrets to a power: exponent 2.7; move the regrets on along their
#     distance to a moving average, weight 0.84 falling to 0; discount the regrets that the prediction
#     is added to, with projection_alpha moving from 2.5 to 2.3 over the horizon, beside the discount
#     of the update
#   #114 social-ray (train +1.948): replace self.level_memory * self.level + (1 - self.level_memory)
#     ... by (1 - self.level_memory) * self.regret in observe()
#   #128 keen-skua (train +1.948): take accumulate() from DiscountedPredictiveCFR
#   #132 jade-carp (train +2.087): alpha 2.4 -> 2, smoothed_memory 0.965 -> 0.974, exponent 2.7 -> 2,
#     trend_weight 0.84 -> 0.83, level_memory 0.43 -> 0.53, first_projection_alpha 2.5 -> 2.2,
#     last_projection_alpha 2.3 -> 2.7, growth 9.4 -> 12, warm_share 0.61 -> 0.5
#   #134 clean-cassowary (train +2.090): weigh policies in the average by t^gamma, gamma moving from
#     12 to 13
#   #137 stout-gibbon (train +2.134): weigh policies in the average by t^24; multiply positive
#     instantaneous regrets by 1.2
#   #147 ideal-gibbon (train +2.091): replace average by t**self.gamma * reach * policy in
#     accumulate(); replace np.where(regret > 0, self.boost, 1.0) * regret by regret in observe()
#   #155 dapper-lizard (train +2.530): alpha 2 -> 2.1, smoothed_memory 0.974 -> 0.977, exponent 2 ->
#     2.1, trend_weight 0.83 -> 0.85, level_memory 0.53 -> 0.49, first_projection_alpha 2.2 -> 2,
#     last_projection_alpha 2.7 -> 2.8, warm_share 0.5 -> 0.39, gamma 24 -> 26; discount the
#     cumulative regrets with alpha 1.6
#   #161 calm-auk (train +2.344): compare by t >= self.warm_share * self.horizon instead of t <=
#     self.warm_share * self.horizon in accumulate(); weigh policies in the average by t^1.9
#   #191 flying-egret (train +2.695): predict a moving average of the regrets, weight 1
#   #192 urbane-buzzard (train +2.265): take accumulate() from DiscountedClippedPredictiveCFR
#   #196 quiet-chinchilla (train +2.656): weigh policies in the average by exp(28 t / horizon)
# Measured:
#   kuhn_poker(players=3): exploitability 1.856e-09 after 1000 iterations
#   leduc_poker: exploitability 2.002e-07 after 1000 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 1.535e-09 after 1000 iterations
#   liars_dice(dice_sides=5): exploitability 8.223e-09 after 1000 iterations
#   kuhn_poker(players=4): exploitability 2.221e-09 after 1000 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): exploitability 2.482e-08 after 1000 iterations
#   liars_dice(dice_sides=6): exploitability 3.523e-05 after 1000 iterations
#   leduc_poker(players=3): exploitability 0.001217 after 1000 iterations
# ---
"""A CFR rule found by program search.

Mechanisms: old regrets discounted, cumulative regrets clipped at zero, a policy from cumulative regrets
and a prediction, a power of the positive regrets, averaging weights that depend on time, averaging that
begins anew at some iterations, averaging that starts late.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class DiscountedClippedPredictiveCFR(RegretMinimizer):
    smoothed_memory = 0.977
    exponent = 2.1
    trend_weight = 0.85
    level_memory = 0.49
    first_projection_alpha = 2.0
    last_projection_alpha = 2.8
    warm_share = 0.39
    gamma = 26.0
    positive_exponent = 1.6
    memory = 0.88
    growth = 28.0

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.trend = self.infosets.zeros()
        self.level = self.infosets.zeros()
        self.tendency = self.infosets.zeros()
        self.expected = self.infosets.zeros()

    def observe(self, t, regret):
        discount = t**self.positive_exponent / (t**self.positive_exponent + 1)
        self.regret = np.maximum(self.regret * discount + regret, 0.0)
        self.tendency = self.regret - self.level
        self.level = (1 - self.level_memory) * self.regret
        self.trend = self.regret - self.smoothed
        self.smoothed = self.smoothed_memory * self.smoothed + (1 - self.smoothed_memory) * self.regret
        self.expected = self.memory * self.expected + (1 - self.memory) * regret

    def accumulate(self, t, policy, reach, average):
        if t & t - 1 == 0:
            average = self.infosets.zeros()
        if t <= self.warm_share * self.horizon:
            return t**self.gamma * reach * policy
        return average + np.exp(self.growth * t / self.horizon) * reach * policy

    def policy(self, t):
        alpha = (
            self.first_projection_alpha
            + (self.last_projection_alpha - self.first_projection_alpha) * t / self.horizon
        )
        return self.infosets.normalize(
            np.maximum(
                self.regret * (t**alpha / (t**alpha + 1))
                + self.trend
                + self.trend_weight * (1 - t / self.horizon) * self.tendency
                + self.expected,
                0.0,
            )
            ** self.exponent
        )
