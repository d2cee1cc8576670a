"""Boltzmann policy iteration: softmax of the latest action values alone, at OpenSpiel's default rate.

policy <- softmax(rate values)

Source: Cui, Koeppl (2021), Approximately Solving Mean Field Games via Entropy-Regularized Deep Reinforcement
Learning, arXiv 2102.01585.
"""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class BoltzmannPolicyIteration(MeanFieldLearner):
    rate = 0.01

    def update(self, t, policy, values, best, mass, best_mass):
        return self.softmax(self.rate * values)
