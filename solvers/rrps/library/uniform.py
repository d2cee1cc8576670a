"""Uniform: the Nash equilibrium, which wins and loses nothing."""

from nashforge.solvers.rrps.interface import Player


class Uniform(Player):
    def act(self, own, theirs, t):
        return self.uniform()
