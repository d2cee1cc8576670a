"""Uniform: every policy of the population alike.

    s(i) = 1 / k

With exact best responses this is fictitious play over policies: the mixture is the average of all oracles'
answers.

Source: Brown (1951), Iterative Solution of Games by Fictitious Play; as a meta-solver: Lanctot et al. (2017),
A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning, arXiv 1711.00832.
"""

from nashforge.solvers.psro.interface import MetaSolver


class Uniform(MetaSolver):
    scale_free = True

    def train(self, t, game):
        return game.uniform()

    def evaluate(self, t, game):
        return game.uniform()
