"""SHOR-PSRO: smoothed hybrid optimistic regrets, annealed; found by a language model in an evolutionary loop.

Players in turn, from uniform strategies and zero regrets, with u the payoffs against the others' current
strategies and c = u - mean(u):

    g = (1 + b) c - b c_previous + div (1 - s), divided by its largest magnitude
    R <- [R + g]+
    s = (1 - lam) R / sum R + lam softmax(u / temperature)

Training returns the average of s over clip(1000 + 20 (k - 1), 1000, 5000) rounds, k policies, with b = 0.5
and, linearly over the first 75 iterations, lam 0.3 to 0.05, temperature 0.5 to 0.01, div 0.05 to 0.001.
Evaluating returns the last s of clip(8000 + 50 (k - 1), 8000, 15000) rounds with b = 0.2, lam 0.01,
temperature 0.001.

Source: Li, Schultz, Hennes, Lanctot (2026), Discovering Multiagent Learning Algorithms with Large Language
Models, arXiv 2602.16928, appendix.
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, center, normalize, rescale, softmax


class SHOR(MetaSolver):
    scale_free = False
    annealing = 75
    train_rounds = (1000, 20, 5000)
    evaluate_rounds = (8000, 50, 15000)

    def train(self, t, game):
        f = min(1.0, t / self.annealing)
        blend = 0.3 + (0.05 - 0.3) * f
        temperature = 0.5 + (0.01 - 0.5) * f
        diversity = 0.05 + (0.001 - 0.05) * f
        rounds = self.rounds(self.train_rounds, game)
        return self.iterate(game, rounds, blend, temperature, 0.5, diversity)[0]

    def evaluate(self, t, game):
        rounds = self.rounds(self.evaluate_rounds, game)
        return self.iterate(game, rounds, 0.01, 0.001, 0.2, 0.0)[1]

    def rounds(self, schedule, game):
        least, more, most = schedule
        return min(least + more * (game.policies - 1), most)

    def iterate(self, game, rounds, blend, temperature, momentum, diversity):
        """Return the average and the last strategies."""
        strategies = game.uniform()
        total = np.zeros(strategies.shape)
        regret = np.zeros(strategies.shape)
        previous = np.zeros(strategies.shape)
        for _ in range(rounds):
            for p in range(game.players):
                payoffs = game.payoffs(p, strategies)
                centered = center(payoffs)
                gain = (1 + momentum) * centered - momentum * previous[p] + diversity * (1 - strategies[p])
                regret[p] = np.maximum(regret[p] + rescale(gain), 0.0)
                strategies[p] = (1 - blend) * normalize(regret[p]) + blend * softmax(payoffs, temperature)
                previous[p] = centered
            total += strategies
        return total / rounds, strategies
