"""Uniform throws: the Nash equilibrium, which wins and loses nothing."""

from nashforge.solvers.rrps.interface import Player


class UniformThrows(Player):
    def act(self, own, theirs, t):
        return self.uniform()
