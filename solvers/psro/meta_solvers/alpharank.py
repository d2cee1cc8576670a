"""AlphaRank: how often each policy is played in the long run when populations imitate success.

    c(x, y) = eta (1 - eps) if a player gains by the change of its policy from x to y, eta / 2 if it is all
    the same, eta eps if it loses, with eta = 1 / sum_p (k_p - 1)
    pi = pi c; s_p = the marginals of pi

The chain lives on all joint choices of policies and is that of the limit of strong selection (alpha to
infinity). Its stationary distribution is found by power iteration, whose step costs k^n: prefix sums over the
policies sorted by payoff. Joint distributions are lost: players mix independently by the marginals.

Source: Omidshafiei et al. (2019), alpha-Rank: Multi-Agent Evaluation by Evolution, arXiv 1903.01373; as a
meta-solver: Muller et al. (2020), A Generalized Training Approach for Multiagent Learning, arXiv 1909.12823.
Limit of strong selection and eps as in OpenSpiel (open_spiel/python/egt/alpharank.py).
"""

import numpy as np

from solvers.psro.interface import MetaSolver


class AlphaRank(MetaSolver):
    eps = 0.01
    tie = 1e-12
    steps = 1000
    tolerance = 1e-7

    def train(self, t, game):
        return self.rank(game)

    def evaluate(self, t, game):
        return self.rank(game)

    def rank(self, game):
        if game.policies == 1:
            return game.uniform()
        orders = [self.order(game.tensor(p), p) for p in range(game.players)]
        eta = 1.0 / (game.players * (game.policies - 1))
        mass = np.full((game.policies,) * game.players, float(game.policies) ** -game.players)
        for _ in range(self.steps):
            change = np.zeros(mass.shape)
            for p, parts in enumerate(orders):
                change += np.moveaxis(self.flow(np.moveaxis(mass, p, -1), *parts), -1, p)
            mass = mass + eta * change
            if np.abs(change).sum() * eta < self.tolerance:
                break
        axes = range(game.players)
        return np.array([mass.sum(axis=tuple(q for q in axes if q != p)) for p in axes])

    def order(self, payoffs, player):
        """Return the order by payoff along the player's axis, its inverse, and the ends of runs of ties."""
        payoffs = np.moveaxis(payoffs, player, -1)
        order = np.argsort(payoffs, axis=-1)
        ordered = np.take_along_axis(payoffs, order, -1)
        count = payoffs.shape[-1]
        place = np.arange(count)
        new = np.ones(payoffs.shape, bool)
        new[..., 1:] = np.diff(ordered, axis=-1) > self.tie
        first = np.maximum.accumulate(np.where(new, place, 0), axis=-1)
        last = np.roll(new, -1, axis=-1)
        last[..., -1] = True
        end = np.minimum.accumulate(np.where(last, place + 1, count)[..., ::-1], axis=-1)[..., ::-1]
        back = np.argsort(order, axis=-1)
        return order, back, first, end

    def flow(self, mass, order, back, first, end):
        """Return what flows into each policy less what flows out, over eta, along the last axis."""
        ordered = np.take_along_axis(mass, order, -1)
        count = mass.shape[-1]
        below = np.zeros((*mass.shape[:-1], count + 1))
        np.cumsum(ordered, axis=-1, out=below[..., 1:])
        worse = np.take_along_axis(below, first, -1)
        through = np.take_along_axis(below, end, -1)
        better = below[..., -1:] - through
        equal = through - worse - ordered
        into = (1 - self.eps) * worse + 0.5 * equal + self.eps * better
        leaving = (1 - self.eps) * (count - end) + 0.5 * (end - first - 1) + self.eps * first
        return np.take_along_axis(into - leaving * ordered, back, -1)
