# Nashforge program frank-giraffe (psro, 45f84703506584a71b78c78f80f076b2c3279d19fbce5987bc0ef214d0f66302)
# -*- coding: utf-8 -*-
# Run psro-both, candidate 21, proposed by agent.
# Fitness: train +0.209, validation +0.340, test -
# (orders of magnitude lower exploitability than the best of nash, projection_matching, shor,
# alpharank and uniform, mean over the games (1 = ten times lower; no game counts more than 2))
# Lineage:
#   #2 amber-swift (train -0.141): start program: nash
#   #5 dapper-hare (train +0.202): In-out residual-norm with saturation: each time a best response was
#     already known, the query moves half-way to the restricted equilibrium (AIMD: x0.5 on known, x1.2
#     on new); where a tenth of all answers were known, the answer is the restricted equilibrium if
#     its estimated worst case (known gap + surprise per weighted norm) is less. Exact where the
#     population spans the game, unchanged elsewhere. Mechanisms: history, equilibrium, evaluation
#   #11 bonny-beetle (train +0.203): Saturation by birthdays: the first known answer at i says that
#     about i^2 policies exist; if these fit into the horizon, the player's queries are the restricted
#     equilibrium, else known answers move them half-way there and new ones back (AIMD). Equilibrium
#     as the answer only after two known answers. Mechanisms: history, equilibrium, evaluation
#   #13 rapid-possum (train +0.203): As bonny-beetle, but the restricted equilibrium is also the
#     answer where a fifth of all answers were known and its estimated worst case (known gap +
#     surprise per weighted norm) is less. Mechanisms: history, equilibrium, evaluation
#   #16 tidy-mouse (train +0.207): Gentler saturation: a known answer takes a player's distance to the
#     restricted equilibrium times 0.6, a new one times 1.6, so that single repeats pass and runs of
#     repeats end in the equilibrium; birthdays stricter (2 i^2 <= horizon). Mechanisms: history,
#     equilibrium, evaluation
#   #18 tall-crab (train +0.207): As tidy-mouse, but the equilibrium is the answer only where two
#     answers in a row were known to queries that were near it (nu <= 0.25): known answers to broad
#     queries say little about it. Mechanisms: history, equilibrium, evaluation
#   #21 frank-giraffe (train +0.209): As ample-parrot, but double oracle for good only where already
#     the second answer of a player was known, whatever the horizon. Mechanisms: history, equilibrium,
#     evaluation
# Measured:
#   leduc_poker (10 iterations): exploitability 0.9213 after 10 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1) (10 iterations): exploitability 0.8693 after 10 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=1,blind=1 1,raiseSize=2,firstPlayer=1,maxRaises=2,numSuits=1,numRanks=6,numHoleCards=1,numBoardCards=0) (10 iterations): exploitability 0.04324 after 10 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending) (10 iterations): exploitability 0.3458 after 10 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending) (10 iterations): exploitability 2.776e-16 after 10 iterations
#   liars_dice(dice_sides=5) (10 iterations): exploitability 0.2979 after 10 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1) (10 iterations): exploitability 0.3693 after 10 iterations
#   normal_matrix(actions=500,seed=1) (10 iterations): exploitability 0.1255 after 10 iterations
#   leduc_poker: exploitability 0.1285 after 30 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1): exploitability 0.1895 after 30 iterations
#   universal_poker(betting=limit,numPlayers=2,numRounds=1,blind=1 1,raiseSize=2,firstPlayer=1,maxRaises=2,numSuits=1,numRanks=6,numHoleCards=1,numBoardCards=0): exploitability 1.457e-16 after 30 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=ascending): exploitability 0.1271 after 30 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 5.551e-17 after 30 iterations
#   liars_dice(dice_sides=5): exploitability 0.1364 after 30 iterations
#   random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1): exploitability 0.3278 after 30 iterations
#   normal_matrix(actions=500,seed=1): exploitability 0.1134 after 30 iterations
# ---
"""In-out residual-norm PSRO with saturation: broad until answers repeat, exact where the population spans the game.

Every policy is a best response to a former mixture S_1, S_2, ... of the others, so that f(S_i) = max_j u_j(S_i) is the
exact worst case of S_i in the whole game, and f is convex. The order of policies, and with it S_i, is found from
payoffs: the best one against S_i is policy i + 1.

    in  = sum_i l_i S_i,  l = argmin  a max_j u_j(sum_i l_i S_i) + (1 - a) sum_i l_i f(S_i),  averaged over a = 0.25, 0.5,
          0.75, in training each without another third of the known policies j
    out = argmax_s min over the others  <s, u> - c rho sigma |s|_2
    broad = (1 - e) ((1 - b) out + b in) + e uniform, c = 2 * 4^(-k / horizon), b = 0.3 to 0.7, e = 0.2 to 0.02
    train:  nu broad + (1 - nu) equilibrium of the restricted game; an answer that was known already halves a player's nu
            , another one multiplies it by 1.2 (at most 2, used up to 1); nu = 0 where already the second answer was known
            (birthdays: few policies exist)
    evaluate:  (1 - w) in + w out, c = 1, w = 0.3 - mean of log(gap(S_i) / gap(in_i)) over the later half, within
            [0, 0.5]; the equilibrium where the latest two answers were known

rho sigma: geometric mean of the middle half of the centered payoffs' singular values / sqrt(k). With more players,
or without a constant sum, out alone is used (c = 4 evaluating).
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
    recent = 2
    grow = 1.2
    shrink = 0.5

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
        s = s if w <= 0 else (1 - w) * s + w * self.outside(u, self.broad)
        sharp = self.nash(u)
        for p in (0, 1):
            price, size = self.surprise(u, queries, p)
            if self.risk(u, p, sharp[p], price, size) <= self.risk(u, p, s[p], price, size) and price <= 0:
                s[p] = sharp[p]
        return s

    def risk(self, u, p, s, price, size):
        return (u[1 - p] @ s).max() + price * np.sqrt((s * s) @ size)

    def sizes(self, u, p):
        v = u[1 - p].var(axis=0)
        k = len(v)
        return (k * v + v.mean()) / (k + 1) + 1e-300

    def novelty(self, u, queries, p):
        """Return by how much the best response to each query beat what was known."""
        near = 1e-7 * max(np.ptp(u[p]), 1e-300)
        found = []
        for i, q in enumerate(queries):
            gains = u[1 - p][:, : i + 1] @ q[0][p]
            d = gains.max() - gains[: i + 1].max()
            found.append(d if d > near else 0.0)
        return found

    def surprise(self, u, queries, p):
        size = self.sizes(u, p)
        d = self.novelty(u, queries, p)
        n = len(d)
        price = [d[i] / np.sqrt((queries[i][0][p] ** 2) @ size[: i + 1]) for i in range(max(0, n - self.recent), n)]
        return np.mean(price), size

    def nu(self, u, queries, p):
        v, found = 1.0, self.novelty(u, queries, p)
        for d in found:
            v = min(1 / self.shrink, v * self.grow) if d > 0 else v * self.shrink
        first = next((i for i, d in enumerate(found, 1) if d <= 0), self.horizon)
        return min(v, 1.0) if first > 2 else 0.0

    def nash(self, u):
        k = len(u[0])
        s = np.zeros((2, k))
        for p in (0, 1):
            m = u[1 - p]
            width = max(np.ptp(m), 1e-300)
            s[p] = self.minimax((m - m.min()) / width, np.zeros(k))
        return s

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
        s = (1 - share) * s + share / k
        nu = [self.nu(u, queries, p) for p in (0, 1)]
        if min(nu) < 1:
            sharp = self.nash(u)
            for p in (0, 1):
                s[p] = nu[p] * s[p] + (1 - nu[p]) * sharp[p]
        return np.array([s, inside])

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
