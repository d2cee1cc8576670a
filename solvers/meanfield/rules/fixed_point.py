"""Fixed-point iteration: everybody responds best to the last distribution; it need not converge.

policy <- greedy(best)

Source: the Banach-Picard iterations of Huang, Malhame, Caines (2006), Large Population Stochastic Dynamic
Games, Communications in Information and Systems 6(3).
"""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class FixedPoint(MeanFieldLearner):
    def update(self, t, policy, values, best, mass, best_mass):
        return self.greedy(best)
