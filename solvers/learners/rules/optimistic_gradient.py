"""Optimistic gradient: the latest gradient counts twice, less the one before.

x <- project(x + rate * (2 gradient - last gradient))

Source: Daskalakis, Ilyas, Syrgkanis, Zeng (2018), Training GANs with Optimism, arXiv 1711.00141; after
Popov (1980).
"""

from nashforge.solvers.learners.interface import Learner


class OptimisticGradient(Learner):
    rate = 0.1

    def start(self):
        self.last = self.zeros()

    def update(self, t, strategy, gradient):
        step = 2 * gradient - self.last
        self.last = gradient
        return self.project(strategy + self.rate * step)
