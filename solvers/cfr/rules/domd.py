"""DOMD: dilated optimistic mirror descent with entropy.

With r the regrets of the policy in play, twice from the last information sets to the first, a the action:

    q(a) = r(a) + sum of A(i) over the information sets i that follow a
    A = 1 / eta log sum over a of b(a) exp(eta q(a))
    b <- b exp(eta q) / sum of that; the first time b is kept, the second time the result is played
    C <- C + t^2 * reach * policy

which is x' = argmax <g, x> - B(x, x') / eta for the kept point x', then the same again from there, where
the last gradient g predicts the next. A is by how much the optimum from an information set on exceeds what
the policy in play has there, so that regrets tell as much as g does. The published algorithm updates both
players at once.

The step eta was chosen on small games of training families: three-player Kuhn poker, Leduc poker,
Goofspiel with 4 cards and Liar's Dice with 4-sided dice; what suits other payoffs is another one.

Source: Lee, Kroer, Luo (2021), Last-Iterate Convergence in Extensive-Form Games, arXiv 2106.14326.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class DOMD(RegretMinimizer):
    scale_free = False
    first_average = 1
    eta = 3.0
    gamma = 2.0

    def start(self):
        self.kept = np.log(self.infosets.uniform())
        self.ahead = self.kept

    def observe(self, t, regret):
        self.kept = self.step(self.kept, regret)
        self.ahead = self.step(self.kept, regret)

    def step(self, logits, regret):
        q = regret.copy()
        found = np.empty_like(logits)
        for level in self.infosets.levels:
            own = self.eta * q[level.sequences] + logits[level.sequences]
            largest = level.infosets.max(own)
            own -= level.infosets.spread(largest)
            total = np.log(level.infosets.sum(np.exp(own)))
            found[level.sequences] = own - level.infosets.spread(total)
            level.pass_up((largest + total) / self.eta, q)
        return found

    def weights(self, t, policy, reach):
        return 1, t**self.gamma

    def policy(self, t):
        return self.infosets.normalize(np.exp(self.ahead))
