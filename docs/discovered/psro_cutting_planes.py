# Nashforge program lofty-wolverine (psro, 5cc31719220dbd4f6160849603436be906bdd0bc033b3f7f18fb94b1addb0a46)
# -*- coding: utf-8 -*-
# Run p3, candidate 74, proposed by agent.
# Fitness: train +0.298, validation +0.403, test -
# (orders of magnitude lower exploitability than the best of alpharank, shor, fictitious_play and
# uniform, mean over the games (1 = ten times lower; no game counts more than 1))
# Lineage:
#   #0 rosy-mongoose (train -0.028): start program: alpharank
#   #5 dainty-eland (train +0.232): Past training mixtures are exact samples of a convex function: the
#     payoff of the best response against them is the whole game's. Evaluate between lower bound
#     (known policies) and upper bound (convexity) over them; train in-out between residual-norm
#     equilibrium and that point. Order of policies inferred from payoffs. Mechanisms: history,
#     evaluation, equilibrium
#   #11 marble-wren (train +0.250): Even split of in and out, and trust in both bounds alike: joins
#     the two best of the children. Mechanisms: history, evaluation, equilibrium
#   #14 honest-coyote (train +0.258): How far the answer steps out of the hull of the queries is
#     learnt from the past: the mean log of how much more exploitable queries were than the in point
#     they stepped out from. In my simulations this number separates games where out helps (poker,
#     dice: below 0.35) from those where it hurts (matrices, trees). Share of uniform 0.3 / sqrt(k).
#     Mechanisms: evaluation, history, mixtures
#   #20 lucky-snail (train +0.270): Candidates are the queries without their uniform share, with the
#     upper bound of the query itself: the share serves best responses, not the answer, and floors
#     precision in games that are nearly solved. Mechanisms: evaluation, history
#   #26 icy-skunk (train +0.275): The step of training adapts as well: inner = clip(0.5 + 0.5 (cost -
#     0.3), 0.3, 0.7), longer steps where steps were cheap, as in trust regions. Mechanisms: history,
#     equilibrium
#   #29 great-hawk (train +0.282): The uniform share follows the certified gap, 0.15 sqrt(gap(in) /
#     gap(S_1)), on top of averaged trusts and learnt steps out. Mechanisms: mixtures, history,
#     evaluation
#   #32 neat-auk (train +0.296): The uniform share anneals over the horizon from 0.2 to 0.02.
#     Mechanisms: mixtures
#   #68 cheerful-impala (train +0.296): Jackknife with five trusts (0.1 to 0.9), each without another
#     fifth of the known opponents: milder and more of them. Mechanisms: evaluation, mixtures
#   #71 true-dunlin (train +0.298): Jackknife of training only; the answer uses all known opponents.
#     Mechanisms: evaluation, asymmetry
#   #74 lofty-wolverine (train +0.298): Jackknife in training only, the answer stepping out with c =
#     1. Mechanisms: evaluation
# Measured:
#   leduc_poker (10 iterations): exploitability 0.9213 after 10 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1) (10 iterations): exploitability 0.8693 after 10 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending) (10 iterations): exploitability 0.3458 after 10 iterations
#   liars_dice(dice_sides=5) (10 iterations): exploitability 0.2979 after 10 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1) (10 iterations): exploitability 0.3693 after 10 iterations
#   normal_matrix(actions=500,seed=1) (10 iterations): exploitability 0.1255 after 10 iterations
#   leduc_poker: exploitability 0.1285 after 30 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1): exploitability 0.1895 after 30 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending): exploitability 0.1271 after 30 iterations
#   liars_dice(dice_sides=5): exploitability 0.1364 after 30 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1): exploitability 0.3278 after 30 iterations
#   normal_matrix(actions=500,seed=1): exploitability 0.1134 after 30 iterations
# ---
"""In-out residual-norm PSRO: the past of training bounds what unseen policies can earn.

Every policy is a best response to a former mixture S_1, S_2, ... of the others, so that f(S_i) = max_j u_j(S_i) is the
exact worst case of S_i in the whole game, and f is convex. The order of policies, and with it S_i, is found from
payoffs: the best one against S_i is policy i + 1.

    in  = sum_i l_i S_i,  l = argmin  a max_j u_j(sum_i l_i S_i) + (1 - a) sum_i l_i f(S_i),  averaged over a = 0.25, 0.5, 0.75, in training each without another third of the known policies j
    out = argmax_s min over the others  <s, u> - c rho sigma |s|_2
    train:  (1 - e) ((1 - b) out + b in) + e uniform, c = 2 * 4^(-k / horizon), b = 0.3 to 0.7, e = 0.2 to 0.02
    evaluate:  (1 - w) in + w out, c = 1, w = 0.3 - mean of log(gap(S_i) / gap(in_i)) over the later half, within [0, 0.5]

in: a mixture between its lower bound (known policies) and its upper bound (convexity), as stabilised cutting planes
have it. w: where steps out cost little in the past, the answer steps out as well. rho sigma: geometric mean of the middle half of the centered payoffs' singular values / sqrt(k). With more
players, or without a constant sum, out alone is used (c = 4 evaluating).
"""

import itertools

import numpy as np
from scipy.optimize import linprog

from nashforge.solvers.psro.interface import MetaSolver, center, softmax


class InOut(MetaSolver):
    scale_free = True
    share = (0.2, 0.02)
    bold = 0.3
    most = 0.5
    broad = 1.0
    inner = (0.3, 0.7)
    trusts = (0.25, 0.5, 0.75)
    eta = 0.6
    rounds = 100

    def start(self):
        self.queries = []

    def train(self, t, game):
        u = self.matrices(game)
        order = None if u is None else self.order(u)
        if order is None:
            s = self.solve(game.all_payoffs, game.policies, *self.spread_all(game), 1.0)
            return 0.9 * s + 0.1 * game.uniform()
        self.queries.append(self.query(self.part(u, order, game.policies), self.queries))
        out = np.zeros((2, game.policies))
        for p in (0, 1):
            out[p, order[p]] = self.queries[-1][0][p]
        return out

    def evaluate(self, t, game):
        u = self.matrices(game)
        order = None if u is None else self.order(u)
        if order is None:
            return self.solve(game.all_payoffs, game.policies, *self.spread_all(game), 4.0)
        s = self.answer(self.part(u, order, game.policies), self.queries)
        out = np.zeros((2, game.policies))
        for p in (0, 1):
            out[p, order[p]] = s[p]
        return out

    def answer(self, u, queries):
        s, w = self.inside(u, queries, 1), self.boldness(u, queries)
        return s if w <= 0 else (1 - w) * s + w * self.outside(u, self.broad)

    def boldness(self, u, queries):
        """Return the weight of out: less, the more exploitable queries were than what they stepped out from."""
        recent = queries[max(1, len(queries) // 2) :]
        if not recent:
            return 0.0
        cost = np.mean([np.log(self.gap(u, q) / self.gap(u, inside)) for q, inside in recent])
        return min(max(self.bold - cost, 0.0), self.most)

    def gap(self, u, s):
        """Return the exploitability of a mixture of the first policies by all that are known."""
        n = s.shape[1]
        worst = sum((u[1 - p][:, :n] @ s[p]).max() for p in (0, 1)) - u[0][0, 0] - u[1][0, 0]
        return max(worst, 1e-6 * np.ptp(u[0]), 1e-300)

    def query(self, u, queries):
        """Return what to train on and the point within that it steps out from."""
        k = len(u[0])
        s = inside = self.outside(u, 2.0 * 0.25 ** min(1.0, k / self.horizon))
        if queries:
            inside = self.inside(u, queries)
            inner = self.anneal(k, *self.inner)
            s = (1 - inner) * s + inner * inside
        share = self.anneal(k, *self.share)
        return np.array([(1 - share) * s + share / k, inside])

    def anneal(self, k, first, last):
        return first + (last - first) * min(1.0, k / self.horizon)

    def outside(self, u, c):
        scale = np.array([[max(m.std(), 1e-300)] for m in u])
        rest = np.array([[self.middle(m)] for m in u]) / scale / np.sqrt(len(u[0]))
        return self.solve(lambda s: np.stack([u[0] @ s[1], u[1] @ s[0]]), len(u[0]), scale, rest, c)

    def inside(self, u, queries, whole=0):
        k = len(u[0])
        answer = np.zeros((2, k))
        for p in (0, 1):
            past = np.zeros((len(queries), k))
            for i, q in enumerate(queries):
                past[i, : i + 1] = q[0][p]
            losses = u[1 - p] @ past.T
            losses = losses - losses.mean()
            losses = losses / max(np.abs(losses).max(), 1e-300)
            worst = losses.max(axis=0)
            for i, a in enumerate(self.trusts):
                kept = losses[np.arange(k) % 3 != i] if k > 5 and not whole else losses
                answer[p] += self.minimax(a * kept, (1 - a) * worst) @ past / len(self.trusts)
        return answer

    def minimax(self, losses, cost):
        """Return the weights x that minimise max(losses x) + cost x."""
        m, n = losses.shape
        found = linprog(
            np.append(cost, 1.0), A_ub=np.c_[losses, -np.ones(m)], b_ub=np.zeros(m),
            A_eq=[np.append(np.ones(n), 0.0)], b_eq=[1.0], bounds=[(0, None)] * n + [(None, None)],
        )
        x = np.maximum(found.x[:n], 0.0) if found.x is not None else (cost <= cost.min()) * 1.0
        return x / x.sum()

    def matrices(self, game):
        """Return each player's payoffs by its own and the other's policy, if they have a constant sum."""
        if game.players != 2:
            return None
        a, b = game.tensor(0), game.tensor(1)
        total = a + b
        if np.ptp(total) > 1e-6 * (np.ptp(a) + np.ptp(b)) + 1e-12:
            return None
        return [np.array(a), np.array(b).T]

    def part(self, u, order, k):
        return [u[p][np.ix_(order[p][:k], order[1 - p][:k])] for p in (0, 1)]

    def order(self, u):
        """Return both players' policies in the order of their birth, and complete the queries."""
        k = len(u[0])
        for first in itertools.product(range(k), repeat=2):
            order, queries = [[first[0]], [first[1]]], list(self.queries)
            for t in range(1, k):
                if len(queries) < t:
                    queries.append(self.query(self.part(u, order, t), queries))
                if not self.extend(u, order, queries[t - 1][0]):
                    break
            else:
                self.queries = queries
                return order
        return None

    def extend(self, u, order, query):
        new = []
        for p in (0, 1):
            gains = u[p][:, order[1 - p]] @ query[1 - p]
            near = 1e-7 * max(np.ptp(u[p]), 1e-300)
            free = [i for i in range(len(gains)) if i not in order[p] and gains[i] >= gains.max() - near]
            if not free:
                return False
            new.append(free[0])
        for p in (0, 1):
            order[p].append(new[p])
        return True

    def middle(self, m):
        m = center(center(m).T)
        k = len(m)
        return np.exp(np.log(np.linalg.svd(m, compute_uv=False)[k // 4 : max(3 * k // 4, 1)] + 1e-300).mean())

    def spread_all(self, game):
        n, k = game.players, game.policies
        pairs = np.zeros((n, n, k, k))
        for q in range(n):
            s = game.uniform()
            for i in range(k):
                s[q] = 0.0
                s[q, i] = 1.0
                pairs[:, q, i] = game.all_payoffs(s)
        scale = np.array([[max(max(pairs[p, q].std() for q in range(n) if q != p), 1e-300)] for p in range(n)])
        rest = np.array([[max(self.middle(pairs[p, q]) for q in range(n) if q != p)] for p in range(n)])
        return scale, rest / scale / np.sqrt(k)

    def solve(self, payoffs, k, scale, rest, c):
        """Return the residual-norm equilibrium, by optimistic exponential weights with linear averaging."""
        s = np.full((self.players, k), 1.0 / k)
        total, logits, before = np.zeros(s.shape), np.zeros(s.shape), np.zeros(s.shape)
        for r in range(1, self.rounds + 10 * k):
            length = np.sqrt((s * s).sum(axis=1, keepdims=True))
            g = center(payoffs(s) / scale - c * rest * s / length)
            logits += self.eta * (2 * g - before)
            before = g
            s = softmax(logits)
            total += r * s
        return total / total.sum(axis=1, keepdims=True)
