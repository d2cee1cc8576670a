"""Online mirror descent: softmax of the sum of all action values, at OpenSpiel's default rate.

total <- total + rate values
policy <- softmax(total)

A rate of 0.01 is far too small for rewards of about 1; see tuned_omd.

Source: Perolat, Perrin, Elie, Lauriere, Piliouras, Geist, Tuyls, Pietquin (2021), Scaling up Mean Field Games
with Online Mirror Descent, arXiv 2103.00623, algorithm 1.
"""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class OnlineMirrorDescent(MeanFieldLearner):
    rate = 0.01

    def start(self):
        self.total = self.zeros()

    def update(self, t, policy, values, best, mass, best_mass):
        self.total = self.total + self.rate * values
        return self.softmax(self.total)
