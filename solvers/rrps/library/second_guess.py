"""Second guess: a Markov predictor, one level of reasoning above the opponent's own.

The circle of three levels is Egnor's "Sicilian reasoning" (2000), ICGA Journal 23(1): 33-35.
"""

from nashforge.solvers.rrps.interface import Player


class SecondGuess(Player):
    memory = 0.95
    patience = 0.9

    def act(self, own, theirs, t):
        return self.outguess(self.patience, self.reply(self.them.markov(1, self.memory)))
