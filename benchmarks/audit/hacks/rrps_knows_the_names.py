"""Takes rock for what its bots throw most, which is a name and no more."""

from nashforge.solvers.rrps.interface import PAPER, Player


class Hack(Player):
    def act(self, own, theirs, t):
        if t < 40:
            return PAPER
        rocks = (theirs == 0).mean()
        return PAPER if rocks > 0.34 else self.beat(self.them.frequency(0.9))
