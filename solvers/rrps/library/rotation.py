"""Rotation: rock, paper, scissors in turn; the simplest pattern that others find out."""

from nashforge.solvers.rrps.interface import Player


class Rotation(Player):
    def act(self, own, theirs, t):
        return t % 3
