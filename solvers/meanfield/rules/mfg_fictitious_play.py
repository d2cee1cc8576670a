"""Fictitious play: the average of best responses to the average, weighted by how many pass through a state.

policy <- (t mass policy + best_mass greedy(best)) / (t mass + best_mass)

Source: Perrin, Perolat, Lauriere, Geist, Elie, Pietquin (2020), Fictitious Play for Mean Field Games:
Continuous Time Analysis and Applications, arXiv 2007.03458.
"""

import numpy as np

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class FictitiousPlay(MeanFieldLearner):
    def update(self, t, policy, values, best, mass, best_mass):
        weight = 1.0 / (t + 1)
        before = (1.0 - weight) * mass
        after = weight * best_mass
        total = before + after
        mixed = (before * policy + after * self.greedy(best)) / np.where(total > 0, total, 1.0)
        return np.where(total > 0, mixed, self.uniform())
