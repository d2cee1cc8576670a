"""Online mirror descent at a tuned rate.

total <- total + rate values
policy <- softmax(total)

Source: Perolat et al. (2021), arXiv 2103.00623, algorithm 1; the rate is ours, see docs/meanfield.md.
"""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class TunedMirrorDescent(MeanFieldLearner):
    rate = 0.5

    def start(self):
        self.total = self.zeros()

    def update(self, t, policy, values, best, mass, best_mass):
        self.total = self.total + self.rate * values
        return self.softmax(self.total)
