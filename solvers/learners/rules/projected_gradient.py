"""Projected simultaneous gradient ascent: the published solver of risk-averse equilibria.

x <- project(x + rate * gradient)

Source: Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 4; their rate on payoffs of the size of
ten is 2e-4, which is 2e-3 on payoffs that span 1.
"""

from nashforge.solvers.learners.interface import Learner


class ProjectedGradient(Learner):
    rate = 2e-3

    def update(self, t, strategy, gradient):
        return self.project(strategy + self.rate * gradient)
