"""Mirror descent in the entropy: multiplicative weights on the last iterate.

x <- proportional to x * exp(rate * gradient)

Source: Nemirovsky, Yudin (1983); for regularised games Sokota et al. (2023), A Unified Approach to
Reinforcement Learning, Quantal Response Equilibria, and Two-Player Zero-Sum Games, arXiv 2206.05825.
"""

import numpy as np

from nashforge.solvers.learners.interface import Learner


class MirrorDescent(Learner):
    rate = 0.5

    def update(self, t, strategy, gradient):
        return self.softmax(np.log(strategy) + self.rate * gradient)
