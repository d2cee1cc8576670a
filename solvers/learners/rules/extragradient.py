"""Extragradient: look ahead with one gradient, then move with the gradient found there.

odd t: y = x, play project(y + rate * gradient);  even t: play project(y + rate * gradient)

Source: Korpelevich (1976), The Extragradient Method for Finding Saddle Points and Other Problems. Both steps
count as iterations: gradients are what is paid for.
"""

from nashforge.solvers.learners.interface import Learner


class Extragradient(Learner):
    rate = 0.1

    def start(self):
        self.base = self.uniform()

    def update(self, t, strategy, gradient):
        if t % 2 == 1:
            self.base = strategy
        return self.project(self.base + self.rate * gradient)
