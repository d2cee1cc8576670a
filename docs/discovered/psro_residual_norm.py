# Nashforge program ivory-badger (psro, 88879960c8ec78690a45b311bb2117ce2ea4568b1023870dede2a130e22a6898)
# -*- coding: utf-8 -*-
# Run p1, candidate 12, proposed by agent.
# Fitness: train +0.053, validation +0.044, test -
# (orders of magnitude lower exploitability than the best of alpharank, shor, fictitious_play and
# uniform, mean over the games (1 = ten times lower; no game counts more than 1))
# Lineage:
#   #1 jolly-civet (train -0.094): start program: shor
#   #3 round-horse (train +0.045): residual-norm equilibrium of silky-redshank, training mixture 0.8 s
#     + 0.2 uniform: keeps every policy met, so best responses are defined everywhere
#   #8 crisp-civet (train +0.049): amber-nightjar, evaluating at c = 4: silky-redshank's breadth, a
#     plateau from 2 to 5
#   #12 ivory-badger (train +0.053): geometric mean of the middle half of the singular values for the
#     median: smoother, falls sooner as the rank is exhausted; best in my laboratory (0.200 against
#     0.182) and in training
# Measured:
#   leduc_poker (10 iterations): exploitability 0.8514 after 10 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1) (10 iterations): exploitability 0.772 after 10 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending) (10 iterations): exploitability 0.4042 after 10 iterations
#   liars_dice(dice_sides=5) (10 iterations): exploitability 0.3482 after 10 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1) (10 iterations): exploitability 0.8873 after 10 iterations
#   normal_matrix(actions=500,seed=1) (10 iterations): exploitability 0.8607 after 10 iterations
#   leduc_poker: exploitability 0.2005 after 30 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1): exploitability 0.3444 after 30 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending): exploitability 0.2677 after 30 iterations
#   liars_dice(dice_sides=5): exploitability 0.1602 after 30 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1): exploitability 0.5078 after 30 iterations
#   normal_matrix(actions=500,seed=1): exploitability 0.4868 after 30 iterations
# ---
"""Residual-norm equilibrium: a mixture pays for its length as far as the population does not span the game.

    max_s min over the others  <s, u> - c rho sigma |s|_2,   rho sigma = geometric mean of the middle half of M's singular values / sqrt(k)

M: a player's payoffs by pairs with each other player's policies (further players uniform), centered both ways;
sigma its spread. Unseen policies earn about |s| times what the known ones leave unexplained: mixtures are
broad while every policy brings something new, and sharp once payoffs have low rank. Solved by optimistic
exponential weights with linear averaging; c = 1 in training, 4 evaluating.
100 + 10 k rounds. Training mixes in 0.1 uniform: best responses then answer at every information set.
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, center, softmax


class ResidualNorm(MetaSolver):
    scale_free = True
    eta = 0.6
    rounds = 100

    def train(self, t, game):
        s = self.solve(game, 1.0)
        return 0.9 * s / s.sum(axis=1, keepdims=True) + 0.1 * game.uniform()

    def evaluate(self, t, game):
        return self.solve(game, 4.0)

    def spread(self, game):
        """Return each player's payoff spread, and which share of it is not explained by a few factors."""
        n, k = game.players, game.policies
        pairs = np.zeros((n, n, k, k))
        for q in range(n):
            s = game.uniform()
            for i in range(k):
                s[q] = 0.0
                s[q, i] = 1.0
                pairs[:, q, i] = game.all_payoffs(s)
        scale, rest = np.zeros((n, 1)), np.zeros((n, 1))
        for p in range(n):
            for q in range(n):
                if q != p:
                    m = pairs[p, q]
                    scale[p] = max(scale[p, 0], m.std())
                    m = center(center(m).T)
                    rest[p] = max(rest[p, 0], np.exp(np.log(np.linalg.svd(m, compute_uv=False)[k // 4 : max(3 * k // 4, 1)] + 1e-300).mean()))
        scale = np.maximum(scale, 1e-300)
        return scale, rest / scale / np.sqrt(k)

    def solve(self, game, c):
        scale, rest = self.spread(game)
        s = game.uniform()
        total, logits, before = np.zeros(s.shape), np.zeros(s.shape), np.zeros(s.shape)
        for r in range(1, self.rounds + 10 * game.policies):
            length = np.sqrt((s * s).sum(axis=1, keepdims=True))
            u = center(game.all_payoffs(s) / scale - c * rest * s / length)
            logits += self.eta * (2 * u - before)
            before = u
            s = softmax(logits)
            total += r * s
        return total
