"""Projected simultaneous gradient ascent with the step that does best on the training games.

x <- project(x + rate * gradient)

What is left of an improvement over the published rate once its size is chosen well. Source: as
`projected_gradient`; the rate is one of a geometric grid from 2e-3 to 0.2.
"""

from nashforge.solvers.learners.interface import Learner


class TunedGradient(Learner):
    rate = 0.08

    def update(self, t, strategy, gradient):
        return self.project(strategy + self.rate * gradient)
