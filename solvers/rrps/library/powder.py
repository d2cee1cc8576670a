"""Powder: predictors of both sides, three levels each, led by what pays, over several horizons.

After the ideas of Egnor's Iocaine Powder (2000), ICGA Journal 23(1): 33-35, in own code: longest matches in
three histories and frequencies, for the opponent's next throw and, as the opponent might see it, for the own;
each with the three levels of "Sicilian reasoning"; gains over several horizons, of which the best leads.
"""

from nashforge.solvers.rrps.interface import Player


class Powder(Player):
    longest = 30
    memory = 0.97
    horizons = (1.0, 0.98, 0.9, 0.7)
    patience = 0.95

    def act(self, own, theirs, t):
        options = [self.uniform()]
        for side, level in ((self.them, self.reply), (self.me, self.foreseen)):
            for prediction in (
                side.match(self.longest),
                side.match(self.longest, "self"),
                side.match(self.longest, "other"),
                side.frequency(self.memory),
            ):
                strategy = level(prediction)
                options += [strategy, self.beat(strategy), self.cede(strategy)]
        leaders = [self.lead(memory, *options) for memory in self.horizons]
        return self.lead(self.patience, *leaders)

    def foreseen(self, prediction):
        """Reply to an opponent who replies to a prediction of the own throw."""
        return self.beat(self.reply(prediction))
