# Nashforge program dewy-bulbul (cfr, 27b44dd243b2a2898e16a0871e39ea14a61101213c16dec49dc8a4e35be1be65)
# -*- coding: utf-8 -*-
# Run m0, candidate 26, proposed by agent.
# Fitness: train +0.614, validation +0.232, test -
# (orders of magnitude lower exploitability than the best of AOD-CFR, DCFR+, HS-PCFR+ and PDCFR+, mean
# over the games (1 = ten times lower; no game counts more than 2))
# Lineage:
#   #0 glossy-tiger (train -0.560): start program: hs_pcfr_plus
#   #9 breezy-halibut (train +0.439): Mechanisms: averaging, horizon. As windowed trend w=0.8, gamma
#     grows with the root of the horizon (6 at 100, 19 at 1000)
#   #13 graceful-catfish (train +0.499): Mechanisms: averaging. Windowed trend w=0.8 with gamma 15
#   #22 ideal-cormorant (train +0.526): Mechanisms: averaging. Averaging exponent per information set,
#     4 + 16/(1 + 200 m), m the moving average of the policy's change: where the policy still turns,
#     the average forgets slowly
#   #26 dewy-bulbul (train +0.614): Mechanisms: increments, optimism, discounting. The plain form:
#     clipped discounted regrets (1.75), windowed trend 0.9, power 1.5, gamma 15
# Measured:
#   leduc_poker (100 iterations): exploitability 0.008866 after 100 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=2,blind=1 1,stack=6 6,firstPlayer=1 1,numSuits=2,numRanks=3,numHoleCards=1,numBoardCards=0 1) (100 iterations): exploitability 0.002299 after 100 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending) (100 iterations): exploitability 5.285e-09 after 100 iterations
#   liars_dice(dice_sides=4) (100 iterations): exploitability 3.594e-08 after 100 iterations
#   random_tree(depth=8,actions=3,chance=2,observed=0.3,seed=1) (100 iterations): exploitability 0.009782 after 100 iterations
#   leduc_poker: exploitability 1.526e-09 after 1000 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=2,blind=1 1,stack=6 6,firstPlayer=1 1,numSuits=2,numRanks=3,numHoleCards=1,numBoardCards=0 1): exploitability 4.372e-16 after 1000 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 4.473e-16 after 1000 iterations
#   liars_dice(dice_sides=4): exploitability 2.401e-15 after 1000 iterations
#   random_tree(depth=8,actions=3,chance=2,observed=0.3,seed=1): exploitability 5.147e-08 after 1000 iterations
# ---
"""Windowed-trend discounted CFR+.

E <- E + (R - E) / (1 + 0.03 t), then R <- [R s^1.75 / (s^1.75 + 1) + r]+, s = t - 1
policy proportional to [R + 0.9 (R - E)]+^1.5: the window of the trend grows as the cycles do
C <- C + t^15 * reach * policy
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class WindowedTrendCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()

    def observe(self, t, regret):
        self.smoothed += (self.regret - self.smoothed) / (1 + 0.03 * t)
        d = (t - 1.0) ** 1.75
        self.regret = np.maximum(self.regret * d / (d + 1) + regret, 0.0)

    def weights(self, t, policy, reach):
        return 1, (t / self.horizon) ** 15

    def policy(self, t):
        y = self.regret + 0.9 * (self.regret - self.smoothed)
        return self.infosets.normalize(np.maximum(y, 0.0) ** 1.5)
