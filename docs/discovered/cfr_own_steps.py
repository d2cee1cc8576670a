# Nashforge program deft-tiger (cfr, 211cd1052fc077ee6736f55920918079f93284ac94c18f11984016b9dc6c70ed)
# -*- coding: utf-8 -*-
# Run cfr-model, candidate 58, proposed by agent.
# Fitness: train +0.712, validation +0.589, test -
# (orders of magnitude lower exploitability than the best of AOD-CFR, DCFR+, HS-PCFR+ and PDCFR+, mean
# over the games (1 = ten times lower; no game counts more than 2))
# Lineage:
#   #0 driven-curlew (train +0.562): start program: cosine_cfr_plus
#   #4 amber-dog (train +0.564): Sharper policies: power 1.6 of the positive predicted regrets instead
#     of 1.25, so that nearly dominated actions lose weight faster and the loop gain is higher in slow
#     modes. Mechanisms: policies
#   #7 early-tiger (train +0.587): Steps per action: beside the cosine of the information set, the
#     agreement of each action's own last two regrets moves that action's step (delta-bar-delta),
#     without moving what it has gathered. Mechanisms: increments, policies
#   #11 grassy-oriole (train +0.626): Steps per action from a smoothed agreement of each action's own
#     successive regrets, weight 0.3 beside the cosine of the set. Mechanisms: increments
#   #19 sleek-guppy (train +0.655): Beside the trend the last push counts min(1, t / 500) / n in the
#     prediction, n the number of actions: predictive late and in small sets, where the last regret is
#     not noise of many actions on the edge. Steps per action, R and E scaled in their own direction.
#     Mechanisms: optimism, increments, policies
#   #22 good-dodo (train +0.673): Late predictive rule with per-action steps, target of the cosine
#     0.2: larger steps. Mechanisms: increments, optimism
#   #27 dapper-dunlin (train +0.668): The trust in the last push is half of the action's own
#     agreement, 0.5 max(c, 0) / n, instead of a function of time: predicted is what persists, and no
#     constant of time is left. Mechanisms: optimism, increments
#   #43 dapper-grebe (train +0.710): Persistent rises are predicted, mean of the agreements weighted
#     by policy times size of regret, target of the cosine 0.25. Mechanisms: optimism, asymmetry,
#     increments
#   #50 lunar-whale (train +0.707): Guard for games where regrets do not fall (it lifted family C from
#     -1.46 to -0.96, but fired wrongly in D): now only where the mean of g over a doubling of t, from
#     64, is still above a tenth of the largest and fell by less than 0.3: then start anew as
#     predictive discounted CFR+. Mechanisms: restarts, optimism, averaging
#   #53 royal-coot (train +0.703): Guard for games where no regrets fall, without a threshold of their
#     size: g has not halved in two doublings of t, nor fallen by a fifth in the last (above rounding,
#     1e-6 of the largest): start anew as predictive discounted CFR+. Mechanisms: restarts, optimism
#   #58 deft-tiger (train +0.712): The guard looks from t = 64 on, stricter: g above 0.9 of the last
#     doubling's and 0.7 of that before. Mechanisms: restarts, horizon
# Measured:
#   leduc_poker (100 iterations): exploitability 0.003135 after 100 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=8 8,firstPlayer=1,numSuits=2,numRanks=5,numHoleCards=1,numBoardCards=0) (100 iterations): exploitability 4.300e-04 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending,returns_type=point_difference) (100 iterations): exploitability 7.451e-04 after 100 iterations
#   liars_dice(dice_sides=5) (100 iterations): exploitability 3.552e-04 after 100 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1) (100 iterations): exploitability 0.001878 after 100 iterations
#   normal_matrix(actions=200,seed=2) (100 iterations): exploitability 6.469e-04 after 100 iterations
#   leduc_poker: exploitability 3.011e-10 after 1000 iterations
#   universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=8 8,firstPlayer=1,numSuits=2,numRanks=5,numHoleCards=1,numBoardCards=0): exploitability 1.848e-12 after 1000 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending,returns_type=point_difference): exploitability 9.041e-12 after 1000 iterations
#   liars_dice(dice_sides=5): exploitability 3.725e-13 after 1000 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1): exploitability 4.989e-06 after 1000 iterations
#   normal_matrix(actions=200,seed=2): exploitability 3.684e-06 after 1000 iterations
# ---
"""Own-step CFR+: optimistic CFR+ in which every action has a step that follows how its own regrets turn.

With r' the regret of the iteration before, n the number of actions of the information set, and u the step of
each action, at first 1; cos the cosine of r and r' weighted by the policy in play (0.8 that of the information
set, 0.2 that of the player); and c <- 0.8 c + 0.2 * 2 r r' / (r^2 + r'^2) the agreement of an action with itself:

    R, E <- scaled up together where R sums to less than the largest u r
    E <- E + (R - E) / (1 + sqrt(t))
    R <- [R d(t) + u r]+, d(t) = (t - 1)^1.75 / ((t - 1)^1.75 + 1)
    policy proportional to [R + 0.85 (R - E) + 0.5 [c]+ / n * [u r]+]+^(1 + 0.5 / sqrt(n))
    u <- u / (1 - 0.5 / sqrt(t) * (cos + 0.3 (c - mean of c) - 0.25)), the mean by policy * |r|, for actions in play
    C <- C + t^7.1 / sqrt(g) * reach * policy, g the sum of the largest regrets of all information sets

Steps grow where regrets persist and shrink where they turn, for each action by itself: a diagonal
preconditioner that is learned. What has been gathered is not rescaled, so that a change of steps moves no
policy; nor does the trust region of the first line, which keeps one large regret from overturning a set. The
slow trend is predicted everywhere, the last regret only where the action's own regrets persist. Where g has not halved while t grew fourfold, the rule starts
anew as predictive discounted CFR+: R <- [R d(s) + r]+, policy proportional to [R + r]+, averaged with t^25 from there on.
"""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer

TINY = 1e-300


class OwnStepCFRPlus(RegretMinimizer):
    scale_free = True
    first_average = 1
    discount = 1.75
    feedback = 0.5
    target = 0.25
    own = 0.8
    shared = 0.2
    single = 0.3
    memory = 0.8
    trend_weight = 0.85
    trust = 0.5
    sharpness = 0.5
    gamma = 7.1

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.last = self.infosets.zeros()
        self.push = self.infosets.zeros()
        self.agree = self.infosets.zeros()
        self.unit = np.ones(self.infosets.sequences)
        self.play = self.infosets.uniform()
        self.gap = self.first_gap = 0.0
        self.sum_now = self.mean_before = self.first_mean = 0.0
        self.stalled = 0
        n = self.infosets.spread(self.infosets.sizes)
        self.exponent = 1 + self.sharpness / n**0.5
        self.prediction = self.trust / n

    def observe(self, t, regret):
        sum_, spread = self.infosets.sum, self.infosets.spread
        largest = self.infosets.max(regret)
        self.gap = largest.sum()
        self.first_gap = max(self.first_gap, self.gap)
        self.sum_now += self.gap
        if t >= 16 and t & (t - 1) == 0:
            mean = 2 * self.sum_now / t
            if t >= 64 and mean > max(0.9 * self.mean_before, 0.7 * self.first_mean, 1e-6 * self.first_gap) and not self.stalled:
                self.stalled = t
                self.regret = self.infosets.zeros()
            self.first_mean, self.mean_before, self.sum_now = self.mean_before, mean, 0.0
        elif t == 8:
            self.sum_now = 0.0
        if self.stalled:
            s = (t - self.stalled) ** 2.3
            self.regret = np.maximum(self.regret * s / (s + 1) + regret, 0.0)
            self.push = regret
            return
        along = sum_(self.play * regret * self.last)
        size = np.sqrt(sum_(self.play * regret**2) * sum_(self.play * self.last**2))
        turn = self.own * along / np.maximum(size, TINY) + self.shared * along.sum() / max(size.sum(), TINY)
        same = 2 * regret * self.last / np.maximum(regret**2 + self.last**2, TINY)
        self.agree = self.memory * self.agree + (1 - self.memory) * same
        own = np.where(self.play > 0, self.agree - spread(sum_(self.play * np.abs(regret) * self.agree) / np.maximum(sum_(self.play * np.abs(regret)), TINY)), 0.0)
        change = 1 - self.feedback / t**0.5 * (spread(turn) + self.single * own - self.target)
        self.last = regret
        self.push = regret * self.unit
        self.unit = np.where(spread(size) > 0, self.unit / change, self.unit)

        total = sum_(self.regret)
        most = self.infosets.max(self.push)
        up = np.where(total > 0, np.maximum(most, total) / np.maximum(total, TINY), 1.0)
        up = spread(np.minimum(up, 1e3))
        self.regret = np.where(spread(total) > 0, self.regret * up, spread(np.maximum(most, 0.0)) * self.play)
        self.smoothed = self.smoothed * up
        self.smoothed = self.smoothed + (self.regret - self.smoothed) / (1 + t**0.5)
        d = (t - 1.0) ** self.discount
        self.regret = np.maximum(self.regret * d / (d + 1) + self.push, 0.0)

    def weights(self, t, policy, reach):
        if self.stalled:
            return float(t > self.stalled), (t / self.horizon) ** 25
        sharp = max(self.first_gap, TINY) / max(self.gap, 1e-12 * self.first_gap, TINY)
        return 1, (t / self.horizon) ** self.gamma * sharp**0.5

    def policy(self, t):
        if self.stalled:
            self.play = self.infosets.normalize(np.maximum(self.regret + self.push, 0.0))
            return self.play.copy()
        y = self.regret + self.trend_weight * (self.regret - self.smoothed)
        y = y + self.prediction * np.maximum(self.agree, 0.0) * np.maximum(self.push, 0.0)
        y = np.maximum(y, 0.0) ** self.exponent
        y = np.where(self.infosets.spread(self.infosets.sum(y)) > 0, y, self.play)
        self.play = self.infosets.normalize(y)
        return self.play.copy()
