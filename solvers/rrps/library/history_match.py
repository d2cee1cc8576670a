"""History match: beats what followed the longest earlier repetition of the last rounds.

Pattern matching, as in most strong entries of 1999 (Billings 2000, ICGA Journal 23(1): 3-8).
"""

from nashforge.solvers.rrps.interface import Player


class HistoryMatch(Player):
    longest = 20

    def act(self, own, theirs, t):
        return self.reply(self.them.match(self.longest))
