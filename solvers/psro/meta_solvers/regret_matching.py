"""Regret matching: the average of many rounds in which policies are played in proportion to their regrets.

    R <- R + u - <s, u>
    s = gamma / k + (1 - gamma) [R]+ / sum [R]+, uniform where no regret is positive
    returned: the average of s

All players at once, 1e5 rounds, gamma 1e-6, initial regrets 1e-6.

Source: Hart, Mas-Colell (2000), A Simple Adaptive Procedure Leading to Correlated Equilibrium; parameters as
in OpenSpiel (open_spiel/python/algorithms/regret_matching.py).
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, advantages, normalize


class RegretMatching(MetaSolver):
    scale_free = False
    rounds = 100000
    gamma = 1e-6
    initial = 1e-6

    def train(self, t, game):
        return self.average(game)

    def evaluate(self, t, game):
        return self.average(game)

    def average(self, game):
        strategies = game.uniform()
        regret = np.full(strategies.shape, self.initial)
        total = strategies.copy()
        least = self.gamma / game.policies
        for _ in range(self.rounds):
            regret += advantages(game.all_payoffs(strategies), strategies)
            strategies = least + (1 - self.gamma) * normalize(regret)
            total += strategies
        return total
