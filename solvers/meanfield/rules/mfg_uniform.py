"""Uniform play, which learns nothing: what every learner starts from."""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class Uniform(MeanFieldLearner):
    def update(self, t, policy, values, best, mass, best_mass):
        return self.uniform()
