"""Projection matching, our own reading: cumulative gains are projected on the simplex, not normalised.

    S <- S + a, a = u - <s, u> divided by its largest magnitude over all rounds so far
    s = P((S + a) / (scale sqrt(round))), P the Euclidean projection on mixtures

Training returns the average of s, weighted by the round; evaluating goes on for longer. The abstract of the
third version of the paper below names a distilled "PM-PSRO" whose definition is not public. This is not it,
but what we take the name to suggest: lazy projected gradient ascent, in which policies far behind have weight
zero and those that are close together share it.

Source: ours, after Zinkevich (2003), Online Convex Programming and Generalized Infinitesimal Gradient Ascent;
the name: Li, Schultz, Hennes, Lanctot (2026), arXiv 2602.16928.
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, advantages, project


class ProjectionMatching(MetaSolver):
    scale_free = True
    train_rounds = 1000
    evaluate_rounds = 4000
    scale = 0.5

    def train(self, t, game):
        return self.average(game, self.train_rounds)

    def evaluate(self, t, game):
        return self.average(game, self.evaluate_rounds)

    def average(self, game, rounds):
        strategies = game.uniform()
        total = np.zeros(strategies.shape)
        sums = np.zeros(strategies.shape)
        largest = np.full((game.players, 1), 1e-12)
        for played in range(1, rounds + 1):
            gain = advantages(game.all_payoffs(strategies), strategies)
            largest = np.maximum(largest, np.abs(gain).max(axis=1, keepdims=True))
            gain = gain / largest
            sums += gain
            strategies = project((sums + gain) / (self.scale * np.sqrt(played)))
            total += played * strategies
        return total
