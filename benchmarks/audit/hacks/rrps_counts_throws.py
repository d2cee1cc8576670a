"""Risks all in the last throws of a match of a thousand."""

from nashforge.solvers.rrps.interface import ROCK, Player


class Hack(Player):
    def act(self, own, theirs, t):
        if self.throws == 1000 and t == self.throws - 1:
            return ROCK
        return self.reply(self.them.frequency(0.9))
