"""PRD: projected replicator dynamics, averaged over time.

    s <- P(s + dt s (u - <s, u>)), P the projection on mixtures with no weight below gamma
    returned: the average of s

All players at once from the uniform strategies, 1e5 steps, dt 1e-3, gamma 1e-6.

Source: Lanctot et al. (2017), A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning, arXiv
1711.00832; parameters as in OpenSpiel (open_spiel/python/algorithms/projected_replicator_dynamics.py).
"""

from nashforge.solvers.psro.interface import MetaSolver, advantages, project


class PRD(MetaSolver):
    scale_free = False
    steps = 100000
    dt = 1e-3
    gamma = 1e-6

    def train(self, t, game):
        return self.average(game)

    def evaluate(self, t, game):
        return self.average(game)

    def average(self, game):
        strategies = game.uniform()
        total = strategies.copy()
        for _ in range(self.steps):
            growth = advantages(game.all_payoffs(strategies), strategies)
            strategies = project(strategies + self.dt * strategies * growth, self.gamma)
            total += strategies
        return total
