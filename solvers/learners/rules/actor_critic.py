"""Two-timescale actor-critic: a critic averages gradients, a projected actor follows it, with falling steps.

critic <- (1 - a_t) critic + a_t gradient;  x <- project(x + b_t * critic)

Source: Zhang, Mazumdar (2026), arXiv 2602.12386, for Markov games; in a one-shot game there is no state, and
the critic estimates the payoff gradient itself.
"""

from nashforge.solvers.learners.interface import Learner


class ActorCritic(Learner):
    rate = 0.15
    critic_rate = 0.5
    decay = 0.1

    def start(self):
        self.critic = self.zeros()

    def update(self, t, strategy, gradient):
        self.critic = (1 - self.critic_rate) * self.critic + self.critic_rate * gradient
        return self.project(strategy + self.rate / t**self.decay * self.critic)
