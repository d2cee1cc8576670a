# Nashforge program misty-giraffe (cfr, abc3fd93084225b1d392f87d57f959b67eb27969765edb81a5f2b49dbfccf082)
# Run evolution-2, candidate 305, proposed by offline.
# Fitness: train +2.632, validation +1.121, test -
# (orders of magnitude lower exploitability than DCFR, mean over the games (1 = ten times lower))
# Lineage:
#   #0 teal-shrike (train -0.149): seed cfr_plus
#   #6 sturdy-caracal (train -1.365): the number 0 in observe() 0 -> -0.24; multiply positive
#     instantaneous regrets by 1.4 and negative ones by 0.55
#   #9 vast-halibut (train -1.234): boost 1.4 -> 0.79, damping 0.55 -> 0.7; set boost from 0.79 to 1
#   #21 famous-thrush (train -0.420): discount the cumulative regrets with alpha 1.3 for positive and
#     beta moving from -1.9 to -1.7 over the horizon for negative regrets; first_beta -1.9 -> -0.66;
#     raise the positive regrets to a power: exponent 2
#   #24 good-turbot (train -0.314): weigh policies in the average by t^gamma, gamma moving from 27 to
#     20; let the cumulative regrets fall without bound; add 6.4e-06 to the positive regrets
#   #42 native-frog (train -0.283): slack 6.4e-06 -> 7.8e-06
#   #48 tidy-buzzard (train +0.859): damp instantaneous regrets larger than 0.46; multiply
#     (self.last_gamma - self.first_gamma) * t in accumulate() by factor = 1.0; boost 1 -> 0.65,
#     damping 0.7 -> 0.4, alpha 1.3 -> 1.6, first_beta -0.66 -> -1.2, last_beta -1.7 -> -1.5, exponent
#     2 -> 2.5, first_gamma 27 -> 24, last_gamma 20 -> 24, slack 7.8e-06 -> 1.1e-05, limit 0.46 ->
#     0.56, factor 1 -> 0.68; predict that the last regrets come again, weight 0.27 decaying over 120
#   #63 blithe-snipe (train +0.998): alpha 1.6 -> 2, first_beta -1.2 -> -1.4, last_beta -1.5 -> -1.9,
#     exponent 2.5 -> 2.7, first_gamma 24 -> 21, last_gamma 24 -> 29, slack 1.1e-05 -> 8.7e-06, limit
#     0.56 -> 0.79, factor 0.68 -> 0.69, optimism 0.27 -> 0.12, decay_time 120 -> 70; clip the
#     cumulative regrets at zero; move the regrets on along their distance to a moving average, weight
#     0.54 decaying over 320; discount the cumulative regrets with alpha moving from 1.4 to 3.8 over
#     120 iterations
#   #108 snowy-kiwi (train +0.904): raise the positive regrets to a power: exponent 1.1
#   #114 ardent-teal (train +1.495): weigh the prediction anew: weight 0.37; last_alpha 3.8 -> 4.3;
#     predict a moving average of the regrets, weight 1.9 falling to 0; move the regrets on along
#     their distance to a moving average, weight 0.91
#   #117 hearty-dolphin (train +1.494): last_gamma 29 -> 37, limit 0.79 -> 0.81, first_alpha 1.4 ->
#     1.8, last_alpha 4.3 -> 5.2, ramp 120 -> 210, policy_exponent 1.1 -> 1.4, optimism 1.9 -> 1,
#     trend_weight 0.91 -> 0.927, level_memory 0.917 -> 0.934; average nothing in the first 0.08 of
#     the horizon
#   #123 gallant-serval (train +2.395): first_gamma 21 -> 17, last_gamma 37 -> 35, limit 0.81 -> 0.73,
#     factor 0.69 -> 0.62, first_alpha 1.8 -> 1.7, last_alpha 5.2 -> 6.5, ramp 210 -> 230,
#     policy_exponent 1.4 -> 1.5, expected_memory 0.88 -> 0.9, trend_weight 0.927 -> 0.906,
#     level_memory 0.934 -> 0.926, warm_share 0.08 -> 0.075; average nothing in the first 0.54 of the
#     horizon
#   #232 daring-sparrow (train +2.378): take the weights of the average from
#     DiscountedAsymmetricPredictiveCFR
#   #305 misty-giraffe (train +2.632): take the power of the positive regrets from
#     DiscountedAsymmetricClippedCFR
# Measured:
#   kuhn_poker(players=3): exploitability 6.207e-08 after 1000 iterations
#   leduc_poker: exploitability 2.498e-07 after 1000 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 1.306e-13 after 1000 iterations
#   liars_dice(dice_sides=5): exploitability 2.625e-14 after 1000 iterations
#   kuhn_poker(players=4): exploitability 1.923e-15 after 1000 iterations
#   leduc_poker(players=3): exploitability 6.293e-04 after 1000 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): exploitability 2.623e-13 after 1000 iterations
#   liars_dice(dice_sides=6): exploitability 6.617e-05 after 1000 iterations
# ---
"""A CFR rule found by program search.

Mechanisms: old regrets discounted, cumulative regrets clipped at zero, a policy from cumulative regrets
and a prediction, a power of the positive regrets, averaging weights that depend on time, averaging
weights that depend on recent regrets, averaging that starts late.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class DiscountedClippedPredictiveCFR(RegretMinimizer):
    limit = 0.73
    first_alpha = 1.7
    last_alpha = 6.5
    ramp = 230
    expected_memory = 0.9
    trend_weight = 0.906
    level_memory = 0.926
    warm_share = 0.54
    damping_power = 2.0
    growth = 13.0
    policy_exponent = 2.3

    def start(self):
        self.regret = self.infosets.zeros()
        self.expected = self.infosets.zeros()
        self.level = self.infosets.zeros()
        self.tendency = self.infosets.zeros()
        self.magnitude = np.zeros(self.infosets.count)

    def observe(self, t, regret):
        alpha = self.first_alpha + (self.last_alpha - self.first_alpha) * min(1.0, t / self.ramp)
        discount = t**alpha / (t**alpha + 1)
        self.magnitude = self.infosets.max(np.abs(regret))
        self.regret = np.maximum(self.regret * discount + regret / (1 + np.abs(regret) / self.limit), 0.0)
        self.tendency = self.regret - self.level
        self.level = self.level_memory * self.level + (1 - self.level_memory) * self.regret
        self.expected = self.expected_memory * self.expected + (1 - self.expected_memory) * regret

    def accumulate(self, t, policy, reach, average):
        if t <= self.warm_share * self.horizon:
            return average
        return (
            average
            + (
                np.exp(self.growth * t / self.horizon)
                / self.infosets.spread(1 + self.magnitude**self.damping_power)
                * reach
                * policy
            )
        )

    def policy(self, t):
        return self.infosets.normalize(
            np.maximum(
                self.regret + (1 - t / self.horizon) * self.expected + self.trend_weight * self.tendency, 0.0
            )
            ** self.policy_exponent
        )
