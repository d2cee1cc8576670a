"""MMD: magnetic mirror descent with dilated entropy, whose last iterate counts.

With b the policy in play and r its regrets, from the last information sets to the first, a the action:

    q(a) = r(a) + sum of A(i) over the information sets i that follow a
    A = (1 / eta + tau) log sum over a of exp((eta q(a) + log b(a)) / (1 + eta tau))
    next policy proportional to exp((eta q(a) + log b(a)) / (1 + eta tau))
    C <- reach * policy, the last one alone

which is argmax over x of <g, x> - tau psi(x) - B(x, b) / eta with psi the dilated negative entropy: A is by
how much the optimum from an information set on exceeds the value of b there, so that regrets tell as much
as the gradient g does. It converges to the equilibrium of the game that psi regularises with weight tau (a
quantal response equilibrium of the reduced normal form), as far from a Nash equilibrium as that is. The
published algorithm updates both players at once; here they take turns, and the limit is the same.

The step eta was chosen on small games of training families: three-player Kuhn poker, Leduc poker,
Goofspiel with 4 cards and Liar's Dice with 4-sided dice; what suits other payoffs is another one.

Source: Sokota, D'Orazio, Kolter, Loizou, Lanctot, Mitliagkas, Brown, Kroer (2023), A Unified Approach to
Reinforcement Learning, Quantal Response Equilibria, and Two-Player Zero-Sum Games, arXiv 2206.05825.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class MMD(RegretMinimizer):
    scale_free = False
    first_average = 1
    tau = 0.001
    eta = 3.0

    def start(self):
        self.logits = np.log(self.infosets.uniform())

    def observe(self, t, regret):
        for level in self.infosets.levels:
            gain = self.eta * regret[level.sequences]
            own = (gain + self.logits[level.sequences]) / (1 + self.eta * self.tau)
            largest = level.infosets.max(own)
            own -= level.infosets.spread(largest)
            total = np.log(level.infosets.sum(np.exp(own)))
            self.logits[level.sequences] = own - level.infosets.spread(total)
            level.pass_up((1 / self.eta + self.tau) * (largest + total), regret)

    def weights(self, t, policy, reach):
        return 0, 1

    def policy(self, t):
        return self.infosets.normalize(np.exp(self.logits))
