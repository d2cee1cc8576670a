# Nashforge program gentle-nuthatch (cfr, d22056afffd204ed56039eff5623d824ffa2993996fcd6622f7e3b3ee474b5b1)
# -*- coding: utf-8 -*-
# Run m2, candidate 62, proposed by agent.
# Fitness: train +0.564, validation +0.072, test -
# (orders of magnitude lower exploitability than the best of AOD-CFR, DCFR+, HS-PCFR+ and PDCFR+, mean
# over the games (1 = ten times lower; no game counts more than 2))
# Lineage:
#   #3 dewy-bulbul (train +0.014): start program: dewy-bulbul
#   #4 mossy-hippo (train +0.076): Window 0.03t -> 0.06t, average t^15 -> t^6: at 100 iterations the
#     longer window gains 0.3-0.5 in games 1,4,6 and at 1000 in 10, 12 (measured at 0.1t: +0.7,
#     +0.95); only game 7 wants it short.
#   #10 fluent-wagtail (train +0.372): Adaptive step per information set, stronger towards larger
#     steps: R and its average times 1 - 0.02 (cos - 0.5). Measured +0.37; a constant leak of the same
#     size without the cosine diverges (-1.2): it is the feedback that helps.
#   #15 azure-bison (train +0.532): Strength of the feedback 0.5 / sqrt(t).
#   #33 rosy-pike (train +0.560): Feedback towards cos 0.35, trend 0.8, lookahead 0.3.
#   #42 happy-beetle (train +0.520): Cosine mixed with that of the player (0.2), no lookahead.
#   #57 elated-toucan (train +0.567): Average t^8 (just-puma otherwise).
#   #62 gentle-nuthatch (train +0.564): Average t^7 / sqrt(gap).
# Measured:
#   leduc_poker (100 iterations): exploitability 0.002686 after 100 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=8 8,firstPlayer=1,numSuits=2,numRanks=5,numHoleCards=1,numBoardCards=0) (100 iterations): exploitability 0.002032 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending,returns_type=point_difference) (100 iterations): exploitability 9.374e-04 after 100 iterations
#   liars_dice(dice_sides=5) (100 iterations): exploitability 4.177e-04 after 100 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1) (100 iterations): exploitability 0.002072 after 100 iterations
#   normal_matrix(actions=200,seed=2) (100 iterations): exploitability 6.150e-04 after 100 iterations
#   leduc_poker: exploitability 8.020e-10 after 1000 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=8 8,firstPlayer=1,numSuits=2,numRanks=5,numHoleCards=1,numBoardCards=0): exploitability 3.722e-11 after 1000 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending,returns_type=point_difference): exploitability 2.033e-11 after 1000 iterations
#   liars_dice(dice_sides=5): exploitability 3.222e-13 after 1000 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1): exploitability 1.250e-05 after 1000 iterations
#   normal_matrix(actions=200,seed=2): exploitability 1.392e-05 after 1000 iterations
# ---
"""feedback of step sizes"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Rule(RegretMinimizer):
    scale_free = True
    first_average = 1

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.last = self.infosets.zeros()
        self.play = self.infosets.uniform()
        self.gap = self.first = 0.0

    def observe(self, t, regret):
        f = self.infosets
        along = f.sum(self.play * regret * self.last)
        size = np.sqrt(f.sum(self.play * regret**2) * f.sum(self.play * self.last**2))
        cosine = along / np.where(size > 0, size, 1.0)
        cosine = 0.8 * cosine + 0.2 * along.sum() / max(size.sum(), 1e-300)
        factor = f.spread(np.where(size > 0, 1 - 0.5 / t**0.5 * (cosine - 0.3), 1.0))
        self.last = regret
        self.gap = f.max(regret).sum()
        self.first = max(self.first, self.gap)
        short = np.maximum(1.0 * f.max(regret) - f.sum(self.regret), 0.0)
        lift = f.spread(short) * self.play
        self.regret += lift
        self.smoothed += lift
        self.smoothed += (self.regret - self.smoothed) / (1 + t**0.5)
        d = (t - 1.0) ** 1.75
        self.regret = np.maximum(self.regret * d / (d + 1) + regret, 0.0) * factor
        self.smoothed *= factor

    def weights(self, t, policy, reach):
        return 1, (t / self.horizon) ** 7 * (self.first / max(self.gap, 1e-12 * self.first) if self.first > 0 else 1.0) ** 0.5

    def policy(self, t):
        y = np.maximum(self.regret + 0.85 * (self.regret - self.smoothed), 0.0) ** 1.25
        y = np.where(self.infosets.spread(self.infosets.sum(y)) > 0, y, self.play)
        self.play = self.infosets.normalize(y)
        return self.play.copy()
