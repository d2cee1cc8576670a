# Nashforge program mighty-lemur (cfr, dbfd72d5fe42b3467479150bb1a2a8205c2838be6603c7c0bbca9e46b2800648)
# Run evolution-0, candidate 302, proposed by offline.
# Fitness: train +2.731, validation +1.826, test -
# (orders of magnitude lower exploitability than DCFR, mean over the games (1 = ten times lower))
# Lineage:
#   #0 teal-shrike (train -0.149): seed cfr_plus
#   #2 festive-pigeon (train -1.236): the number 0 in observe() 0 -> -0.27
#   #3 true-sheep (train -1.083): the number -0.27 in observe() -0.27 -> -0.51; multiply the
#     cumulative regrets by (t / (t + 1))^0.92 in every iteration
#   #6 ample-rabbit (train -1.074): predict a moving average of the regrets, weight growing to 2
#   #10 equal-goat (train -1.023): move the regrets on along their distance to a moving average,
#     weight 0.14 falling to 0
#   #11 blue-stork (train -0.987): divide the prediction by 1 + 0.25 times the size of recent regrets;
#     memory 0.974 -> 0.969
#   #13 fearless-nuthatch (train -0.610): move the regrets on along their distance to a moving
#     average, weight 0.86 decaying over 140
#   #14 swift-owl (train -0.818): multiply instantaneous regrets by 1.3 where they agree in sign with
#     R, else by 1.1
#   #23 fabled-gannet (train -0.456): weigh policies in the average by t^6.2; raise the positive
#     regrets to a power: exponent 2.4; move the regrets on along their distance to a moving average,
#     weight 0.68; replace self.level by self.regret in observe()
#   #24 epic-bunting (train +0.554): weigh policies in the average by t^gamma, gamma moving from 2 to
#     37; discount the regrets that the prediction is added to, with projection_alpha 2.5, beside the
#     discount of the update
#   #25 zesty-whimbrel (train +1.387): divide the weight in the average by 1 + m^1.4, m the size of
#     recent regrets; discount the cumulative regrets with alpha 2.4 for positive and beta moving from
#     0.95 to -0.82 over the horizon for negative regrets; discount_power 0.92 -> 1.1, agreement 1.3
#     -> 1.7, disagreement 1.1 -> 0.89, trend_weight 0.68 -> 0.77, memory 0.62 -> 0.69, last_gamma 37
#     -> 38, damping_power 1.4 -> 1.5, alpha 2.4 -> 2.3, first_beta 0.95 -> 1.1, last_beta -0.82 ->
#     -0.79
#   #37 jovial-ibex (train +1.145): keep the cumulative regrets above -2.5
#   #47 humble-impala (train +1.159): first_beta 1.1 -> 0.99; move the regrets on along their distance
#     to a moving average, weight 1; last_gamma 38 -> 30
#   #50 silver-coyote (train +1.161): take accumulate() from DiscountedAsymmetricBoundedCFR
#   #56 hale-moose (train +2.058): exponent 2.4 -> 2.8, projection_alpha 2.5 -> 1.7, damping_power 1.5
#     -> 1.1, alpha 2.3 -> 1.5, first_beta 0.99 -> 0.74, last_beta -0.79 -> -1.2, floor -2.5 -> -1,
#     level_memory 0.76 -> 0.935, average_power 7.5 -> 10, last_gamma 38 -> 34; weigh the prediction
#     anew: weight 0.87; divide the prediction by 1 + 1 times the size of recent regrets; multiply
#     self.last_beta in observe() by t / (t + self.time_scale)
#   #65 social-carp (train +2.058): divide the weight in the average by 1 + m^1.2, m the size of
#     recent regrets
#   #80 fabled-donkey (train +2.022): predict the last regrets with weight 1.8 times the steadiness of
#     their sign; replace t**self.projection_alpha by np.abs(t**self.projection_alpha) in policy();
#     weigh the prediction anew: weight 0.88 decaying over 16; prediction_weight 1.8 -> 1
#   #93 plucky-puma (train +2.031): do not update largest in observe()
#   #95 stellar-whale (train +2.031): take accumulate() from DiscountedAsymmetricBoundedCFR
#   #120 daring-dog (train +2.069): predict a moving average of the regrets, weight 1.5 decaying over
#     32
#   #150 deft-hummingbird (train +2.069): take the forgetting of the average from
#     DiscountedAsymmetricBoundedCFR
#   #164 tough-squid (train +2.156): decay_time_2 32 -> 74
#   #166 spirited-salamander (train +2.155): weigh policies in the average by t^gamma, gamma moving
#     from 1.8 to 23
#   #180 curious-grebe (train +2.155): divide the weight in the average by 1 + m^1.2, m the size of
#     recent regrets
#   #200 supple-pheasant (train +2.156): take the weights of the average from
#     DiscountedAsymmetricBoundedCFR
#   #211 bubbly-dotterel (train +2.515): multiply self.magnitude in accumulate() by t / self.horizon;
#     average nothing in the first 0.53 of the horizon; agreement 1.7 -> 1.5, exponent 2.8 -> 2.4,
#     projection_alpha 1.7 -> 2.2, alpha 1.5 -> 1.7, first_beta 0.74 -> 0.72, last_beta -1.2 -> -0.59,
#     floor -1 -> -0.43, level_memory 0.935 -> 0.964, optimism 0.87 -> 0.88, time_scale 24 -> 27,
#     memory 0.93 -> 0.89, optimism_2 0.88 -> 0.953, decay_time 16 -> 12, prediction_weight 1.5 ->
#     0.61, decay_time_2 74 -> 36, anticipated_memory 0.73 -> 0.4, damping_power 1.1 -> 0.89,
#     first_gamma 2 -> 1.5, last_gamma 34 -> 0.7, warm_share 0.53 -> 0.4; weigh policies in the
#     average by t^27
#   #222 balmy-kea (train +2.731): disagreement 0.89 -> 0.943; average from the first iteration on;
#     discount the cumulative regrets with alpha moving from 1.1 to 2.9 over 160 iterations for
#     positive and beta -1.4 for negative regrets
#   #223 ivory-macaw (train +2.731): multiply the old average by g / (g + 1), g = t^2.1; multiply
#     instantaneous regrets by 1.2 where they agree in sign with R, else by 0.64
#   #247 breezy-bobcat (train +2.731): take accumulate() from DiscountedAsymmetricBoundedCFR
#   #264 snowy-squid (train +2.731): average nothing in the first 450 iterations
#   #279 clean-elk (train +2.731): warm_up 450 -> 320
#   #281 happy-barracuda (train +2.731): take what is added to the regrets from
#     DiscountedAsymmetricBoundedCFR
#   #302 mighty-lemur (train +2.731): divide the prediction by 1 + 1.4 times the size of recent
#     regrets
# Measured:
#   kuhn_poker(players=3): exploitability 5.485e-12 after 1000 iterations
#   leduc_poker: exploitability 1.280e-08 after 1000 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 4.817e-12 after 1000 iterations
#   liars_dice(dice_sides=5): exploitability 1.371e-11 after 1000 iterations
#   kuhn_poker(players=4): exploitability 5.766e-11 after 1000 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): exploitability 1.192e-07 after 1000 iterations
#   liars_dice(dice_sides=6): exploitability 1.298e-04 after 1000 iterations
#   leduc_poker(players=3): exploitability 7.880e-05 after 1000 iterations
# ---
"""A CFR rule found by program search.

Mechanisms: old regrets discounted, instantaneous regrets scaled by their agreement with the cumulative
ones, cumulative regrets bounded from below, a policy from cumulative regrets and a prediction, a power
of the positive regrets, averaging weights that depend on time, averaging that starts late.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class DiscountedAsymmetricBoundedCFR(RegretMinimizer):
    exponent = 2.4
    projection_alpha = 2.2
    floor = -0.43
    level_memory = 0.964
    optimism = 0.88
    memory = 0.89
    optimism_2 = 0.953
    decay_time = 12
    prediction_weight = 0.61
    decay_time_2 = 36
    anticipated_memory = 0.4
    gamma = 27.0
    first_alpha = 1.1
    last_alpha = 2.9
    ramp = 160
    beta = -1.4
    warm_up = 320
    agreement = 1.5
    disagreement = 0.943
    magnitude_memory = 0.954
    caution = 1.4

    def start(self):
        self.regret = self.infosets.zeros()
        self.level = self.infosets.zeros()
        self.tendency = self.infosets.zeros()
        self.largest = np.zeros(self.infosets.count)
        self.expected = self.infosets.zeros()
        self.deviation = self.infosets.zeros()
        self.prediction = self.infosets.zeros()
        self.anticipated = self.infosets.zeros()
        self.magnitude = np.zeros(self.infosets.count)

    def observe(self, t, regret):
        self.magnitude = (
            self.magnitude_memory * self.magnitude
            + (1 - self.magnitude_memory) * self.infosets.max(np.abs(regret))
        )
        alpha = self.first_alpha + (self.last_alpha - self.first_alpha) * min(1.0, t / self.ramp)
        positive = t**alpha / (t**alpha + 1)
        negative = t**self.beta / (t**self.beta + 1)
        discount = np.where(self.regret > 0, positive, negative)
        scale = np.where(regret * self.regret > 0, self.agreement, self.disagreement)
        self.regret = np.maximum(self.regret * discount + scale * regret, self.floor)
        self.tendency = self.regret - self.level
        self.level = self.level_memory * self.level + (1 - self.level_memory) * self.regret
        self.expected = self.memory * self.expected + (1 - self.memory) * regret
        self.deviation = self.memory * self.deviation + (1 - self.memory) * np.abs(regret)
        self.prediction = regret * np.abs(self.expected) / (self.deviation + 1e-9)
        self.anticipated = self.anticipated_memory * self.anticipated + (1 - self.anticipated_memory) * regret

    def accumulate(self, t, policy, reach, average):
        if t <= self.warm_up:
            return average
        return average + t**self.gamma * reach * policy

    def policy(self, t):
        return self.infosets.normalize(
            np.maximum(
                self.regret * (t**self.projection_alpha / (t**self.projection_alpha + 1))
                + (
                    self.optimism
                    * self.tendency
                    / (1 + self.infosets.spread(self.largest))
                    / (1 + self.caution * self.infosets.spread(self.magnitude))
                )
                + self.optimism_2 / (1 + t / self.decay_time) * self.prediction
                + self.prediction_weight / (1 + t / self.decay_time_2) * self.anticipated,
                0.0,
            )
            ** self.exponent
        )
