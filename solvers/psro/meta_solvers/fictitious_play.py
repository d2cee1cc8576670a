"""Fictitious play: the average of many rounds of pure best responses to the others' averages.

    s <- s + (b - s) / (round + 1), b the best responses to s, ties split

All players at once from the uniform strategies, 2000 rounds.

Source: Brown (1951), Iterative Solution of Games by Fictitious Play.
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, normalize


class FictitiousPlay(MetaSolver):
    scale_free = True
    rounds = 2000
    tie = 1e-12

    def train(self, t, game):
        return self.play(game)

    def evaluate(self, t, game):
        return self.play(game)

    def play(self, game):
        strategies = game.uniform()
        noise = self.tie * self.size(game)
        for played in range(1, self.rounds + 1):
            payoffs = game.all_payoffs(strategies)
            best = payoffs >= payoffs.max(axis=1, keepdims=True) - noise
            strategies = strategies + (normalize(best) - strategies) / (played + 1)
        return strategies

    def size(self, game):
        """Return the largest payoffs of single policies against each other: sums of them may cancel."""
        pure = np.eye(game.policies)
        own = [game.all_payoffs(np.tile(policy, (game.players, 1))) for policy in pure]
        return np.abs(own).max(axis=(0, 2))[:, None]
