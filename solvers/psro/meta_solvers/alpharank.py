"""AlphaRank: how often each policy is played in the long run when populations imitate success.

    c(x, y) = eta (1 - eps) if a player gains by the change of its policy from x to y, eta / 2 if it is all
    the same, eta eps if it loses, with eta = 1 / sum_p (k_p - 1)
    pi = pi c; s_p = the marginals of pi

The chain lives on all joint choices of policies and is that of the limit of strong selection (alpha to
infinity). Joint distributions are lost: players mix independently by the marginals.

Policies that are alike for all players are one state with their number as its weight, which changes nothing:
they share its probability. The stationary distribution is found by following the chain from change to change,
pi = nu / (rate of leaving), nu <- nu's flow. A step costs as much as there are states, as rates depend on the
order of payoffs only: prefix sums over policies sorted by payoff.

Source: Omidshafiei et al. (2019), alpha-Rank: Multi-Agent Evaluation by Evolution, arXiv 1903.01373; as a
meta-solver: Muller et al. (2020), A Generalized Training Approach for Multiagent Learning, arXiv 1909.12823.
Limit of strong selection and eps as in OpenSpiel (open_spiel/python/egt/alpharank.py). Policies that are
alike: ordinary lumpability, Kemeny, Snell (1960), Finite Markov Chains, theorem 6.3.2.
"""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, UnsuitableGameError


class AlphaRank(MetaSolver):
    scale_free = True
    eps = 0.01
    tie = 1e-12
    steps = 1000
    tolerance = 1e-7
    stride = 0.8
    most_states = 1 << 21

    def train(self, t, game):
        return self.rank(game)

    def evaluate(self, t, game):
        return self.rank(game)

    def rank(self, game):
        kinds = [self.kinds(game, p) for p in range(game.players)]
        shape = tuple(len(first) for first, _, _ in kinds)
        states = float(np.prod(np.array(shape, float)))
        if states > self.most_states:
            raise UnsuitableGameError(
                f"alpharank follows a chain of at most {self.most_states} states; this restricted game has "
                f"{states:.0f}, one for each joint choice of different policies"
            )
        if states == 1:
            return game.uniform()
        rates = [self.rates(game, kinds, p) for p in range(game.players)]
        leaving = sum(np.moveaxis(leave, -1, p) for p, (leave, *_) in enumerate(rates))
        flow = leaving / leaving.sum()
        for _ in range(self.steps):
            mass = flow / leaving
            into = sum(self.entering(mass, kinds[p][2], rates[p], p) for p in range(game.players))
            change = self.stride * (into - flow)
            flow = flow + change
            if np.abs(change).sum() < self.tolerance:
                break
        mass = flow / leaving
        mass = mass / mass.sum()
        answers = game.uniform()
        for p, (_, kind, size) in enumerate(kinds):
            answers[p] = (mass.sum(axis=tuple(q for q in range(game.players) if q != p)) / size)[kind]
        return answers

    def kinds(self, game, player):
        """Return a policy of each kind, the kind of each policy, and how many there are of each kind."""
        # Two policies are alike if all players earn the same against one mixture in general position.
        place = np.arange(1, game.players * game.policies + 1)
        strategies = 1.0 + np.reshape(place * np.sqrt(2.0) % 1.0, (game.players, game.policies))
        strategies = strategies / strategies.sum(axis=1, keepdims=True)
        seen = []
        for policy in range(game.policies):
            strategies[player] = 0.0
            strategies[player, policy] = 1.0
            payoffs = game.all_payoffs(strategies)
            own = payoffs[player, policy]
            payoffs[player] = own
            seen.append(payoffs.reshape(-1))
        seen = np.array(seen)
        rounded = np.round(seen / max(np.abs(seen).max(), 1e-300), 10)
        _, first, kind, size = np.unique(
            rounded, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        return first, kind.reshape(-1), size.astype(float)

    def payoffs(self, game, kinds, player):
        """Return the player's payoffs for every choice of kinds, its own axis last."""
        others = [q for q in range(game.players) if q != player]
        own = kinds[player][0]
        whole = np.empty((*(len(kinds[q][0]) for q in others), len(own)))
        strategies = np.zeros((game.players, game.policies))
        for choice in np.ndindex(whole.shape[:-1]):
            chosen = [kinds[q][0][c] for q, c in zip(others, choice, strict=True)]
            strategies[others, chosen] = 1.0
            whole[choice] = game.payoffs(player, strategies)[own]
            strategies[others, chosen] = 0.0
        return whole

    def rates(self, game, kinds, player):
        """Return rates of leaving, the order by payoff, and before and after which places ties begin and end.

        All along the player's axis, which is last; the places count through all prefix sums.
        """
        payoffs = self.payoffs(game, kinds, player)
        size = kinds[player][2]
        count = payoffs.shape[-1]
        order = np.argsort(payoffs, axis=-1)
        ordered = np.take_along_axis(payoffs, order, -1)
        place = np.arange(count)
        new = np.ones(payoffs.shape, bool)
        new[..., 1:] = np.diff(ordered, axis=-1) > self.tie * np.abs(payoffs).max()
        first = np.maximum.accumulate(np.where(new, place, 0), axis=-1)
        last = np.roll(new, -1, axis=-1)
        last[..., -1] = True
        end = np.minimum.accumulate(np.where(last, place + 1, count)[..., ::-1], axis=-1)[..., ::-1]
        lines = np.arange(payoffs.size // count).reshape(*payoffs.shape[:-1], 1)
        back = np.argsort(order, axis=-1)
        first = np.take_along_axis(first, back, -1) + lines * (count + 1)
        end = np.take_along_axis(end, back, -1) + lines * (count + 1)
        order = order + lines * count
        below = self.sums(np.broadcast_to(size, payoffs.shape), order)
        worse, through = below.take(first), below.take(end)
        better = size.sum() - through
        leave = (1 - self.eps) * better + 0.5 * (through - worse - size) + self.eps * worse
        return leave, order, first, end

    def sums(self, mass, order):
        """Return prefix sums of mass in the order by payoff, from zero, along the last axis."""
        below = np.zeros((*mass.shape[:-1], mass.shape[-1] + 1))
        np.cumsum(mass.take(order), axis=-1, out=below[..., 1:])
        return below

    def entering(self, mass, size, rates, player):
        """Return what flows into each state by changes of the player's policy, over eta."""
        _, order, first, end = rates
        mass = np.moveaxis(mass, player, -1)
        below = self.sums(mass, order)
        # (1 - eps) worse + equal / 2 + eps better, with the prefix sums put together.
        into = (0.5 - self.eps) * (below.take(first) + below.take(end)) + self.eps * below[..., -1:]
        return np.moveaxis(size * (into - 0.5 * mass), -1, player)
