"""Frequency: beats what the opponent throws most. Brown's fictitious play (1951) with a fading memory."""

from nashforge.solvers.rrps.interface import Player


class Frequency(Player):
    memory = 0.95

    def act(self, own, theirs, t):
        return self.reply(self.them.frequency(self.memory))
