"""Markov: beats what followed the last two rounds before, as Shannon's mind-reading machine (1953) did."""

from nashforge.solvers.rrps.interface import Player


class Markov(Player):
    order = 2
    memory = 0.9

    def act(self, own, theirs, t):
        return self.reply(self.them.markov(self.order, self.memory))
