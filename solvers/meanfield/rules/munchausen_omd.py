"""Munchausen online mirror descent: the last policy is the memory, so that nothing is summed.

policy <- proportional to policy exp(rate values)

It equals online mirror descent but for rounding: where a probability has become 0 it stays so.

Source: Lauriere, Perrin, Girgin, Muller, Jain, Cabannes, Piliouras, Perolat, Elie, Pietquin, Geist (2022),
Scalable Deep Reinforcement Learning Algorithms for Mean Field Games, arXiv 2203.11973.
"""

import numpy as np

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class MunchausenMirrorDescent(MeanFieldLearner):
    rate = 0.01

    def update(self, t, policy, values, best, mass, best_mass):
        return self.softmax(self.rate * values + np.log(np.maximum(policy, 1e-300)))
