"""Risk-averse quantal response equilibria of Markov games: by backward induction, and stationary ones.

Finite horizon (Mazumdar, Panaganti, Shi 2025, arXiv 2406.14156, section 5): from the last step back,
``Q_h = r + rho(V_(h+1))`` with the risk of the environment ``rho(V) = -log(sum P exp(-tau_env V)) /
tau_env``, then the matrix RQE of ``Q_h`` at every state.

Infinite horizon (Zhang, Mazumdar 2026, arXiv 2602.12386): a fast actor takes projected gradient steps of the
2n-player game at every state, a slow critic moves ``Q`` towards ``r + gamma E V(next)``; exactly, or along
one sampled trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.markov.model import MarkovGame
from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.equilibria.gaps import matrix_gaps
from nashforge.solvers.equilibria.risk_averse.best_response import regularized_value
from nashforge.solvers.equilibria.risk_averse.solver import Equilibrium, rqe
from nashforge.solvers.programs.simplex import project
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import nu, nu_gradient
from nashforge.solvers.risk.utility import AGGREGATE

Array = npt.NDArray[np.float64]

LEAST = 1e-6
"""Probabilities of actors are kept at or above this."""
EXACT_RATES, SAMPLED_RATES = (0.05, 0.5), (0.1, 1.0)
"""First steps of actor and critic."""


@dataclass(frozen=True)
class Rationality:
    """Risk aversion and bounded rationality of both players, as in `nashforge.solvers.equilibria.rqe`."""

    tau: tuple[float, float]
    epsilon: tuple[float, float]
    divergence: str = "kl"
    regularizer: str = "barrier"
    environment: float = 0.0
    """Aversion to the environment's own risk (KL), 0 for none."""
    risk: str = AGGREGATE
    """``aggregate`` or ``per_action``, which only backward induction knows."""

    def of_matrices(self) -> dict[str, Any]:
        """Return the parameters as `rqe` and `matrix_gaps` take them."""
        return {name: getattr(self, name) for name in ("tau", "epsilon", "divergence", "regularizer", "risk")}

    def of_player(self, player: int) -> dict[str, Any]:
        """Return the parameters of one player as `policy_values` takes them."""
        return {
            "risk": Risk(self.tau[player], self.divergence),
            "epsilon": self.epsilon[player],
            "regularizer": self.regularizer,
        }


@dataclass(frozen=True)
class MarkovEquilibrium:
    """Policies of both players.

    Attributes
    ----------
    policies : tuple of two ndarrays
        Shape ``(horizon, states, actions)``, or ``(states, actions)`` where stationary.
    values : ndarray
        Regularised risk-adjusted values: shape ``(2, horizon + 1, states)``, or ``(2, states)``.
    gap : float
        The largest RQE gap of any stage game at its own continuation values, in units of utility.
    residual : float
        How far values are from those of their own policies: the largest change of ``Q`` in one full
        backup; 0 for a finite horizon.
    """

    policies: tuple[Array, Array]
    values: Array
    gap: float
    residual: float = 0.0


def _next_values(game: MarkovGame, values: Array, tau: float) -> Array:
    """Return the value of the next state, by state and actions: expected, or with the environment's risk."""
    if tau == 0.0:
        return np.asarray(game.transitions @ values)
    low = values.min()
    return np.asarray(low - np.log(game.transitions @ np.exp(-tau * (values - low))) / tau)


def stage_payoffs(Q: Array, state: int) -> tuple[Array, Array]:
    """Return both players' payoffs in a state, player 1's actions as rows."""
    return np.ascontiguousarray(Q[0, state]), np.ascontiguousarray(Q[1, state])


def stage_equilibrium(
    Q: Array, state: int, rationality: Rationality, game: MarkovGame, step: str = ""
) -> Equilibrium:
    """Return the RQE of the stage game of a state.

    Raises
    ------
    RiskError
        If it was not found.
    """
    found = rqe(*stage_payoffs(Q, state), **rationality.of_matrices())
    if not found.converged:
        raise RiskError(f"{step}in state {game.labels[state]} the solver {found.message}")
    return found


def stage_values(Q: Array, state: int, policies: Sequence[Array], rationality: Rationality) -> list[float]:
    """Return both players' regularised risk-adjusted values of the stage game of a state."""
    payoffs = own_rows(*stage_payoffs(Q, state))
    return [
        regularized_value(
            payoffs[i],
            policies[i],
            policies[1 - i],
            **rationality.of_player(i),
            notion=rationality.risk,
        )
        for i in range(2)
    ]


def backward_induction(game: MarkovGame, rationality: Rationality, horizon: int) -> MarkovEquilibrium:
    """Return an equilibrium of the game played for ``horizon`` steps.

    Raises
    ------
    RiskError
        If the matrix equilibrium of some state was not found.
    """
    n, m = game.actions
    first, second = np.empty((horizon, game.states, n)), np.empty((horizon, game.states, m))
    values = np.zeros((2, horizon + 1, game.states))
    gap = 0.0
    for h in range(horizon - 1, -1, -1):
        Q = np.stack(
            [
                game.rewards[i] + _next_values(game, values[i, h + 1], rationality.environment)
                for i in range(2)
            ]
        )
        for s in range(game.states):
            found = stage_equilibrium(Q, s, rationality, game, f"at step {h} ")
            first[h, s], second[h, s] = found.strategies
            values[:, h, s] = stage_values(Q, s, found.strategies, rationality)
            gap = max(gap, found.gap)
    return MarkovEquilibrium((first, second), values, gap)


class ActorCritic:
    """The two-timescale actor-critic, one iteration at a time.

    Parameters
    ----------
    game
    rationality
        Risk aversion and bounded rationality of both players.
    discount
        Factor gamma of future rewards, below 1.
    actor_rate, critic_rate
        Steps of actor and critic in the first iteration, by default `EXACT_RATES` or `SAMPLED_RATES`. They
        fall as ``t^-0.5`` and ``t^-0.75``, so that the critic becomes ever slower than the actor; with
        samples as ``t^-0.25`` and, for each state and pair of actions, as ``visits^-0.6``.
    rng
        Given: states and actions are sampled along one trajectory. Otherwise every state is updated with
        exact expectations. A critic needs each state and pair of actions some fifty times.
    """

    def __init__(
        self,
        game: MarkovGame,
        rationality: Rationality,
        *,
        discount: float = 0.9,
        actor_rate: float | None = None,
        critic_rate: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if not 0.0 <= discount < 1.0:
            raise RiskError(f"the discount must be at least 0 and below 1; got {discount}")
        if rationality.divergence not in ("kl", "reverse_kl") or rationality.risk != AGGREGATE:
            raise RiskError(
                f"the actor-critic knows kl and reverse_kl with aggregate risk; got "
                f"{rationality.divergence!r} with {rationality.risk!r}"
            )
        self.game, self.rationality, self.discount = game, rationality, discount
        self.t = 0
        actor, critic = EXACT_RATES if rng is None else SAMPLED_RATES
        self._rates = (
            actor if actor_rate is None else actor_rate,
            critic if critic_rate is None else critic_rate,
        )
        self._rng = rng
        n, m = game.actions
        sizes = (n, m, m, n)  # players, then their adversaries over the other's actions
        self.agents = [np.full((game.states, size), 1.0 / size) for size in sizes]
        self.Q = game.rewards.copy()
        self._visits = np.zeros((game.states, n, m))
        self._state = 0 if rng is None else int(rng.choice(game.states, p=game.initial))

    def step(self) -> None:
        """Move actors, then the critic."""
        self.t += 1
        if self._rng is None:
            self._act(np.arange(self.game.states), self._rates[0] / self.t**0.5)
            rate = self._rates[1] / self.t**0.75
            self.Q += rate * (self.backup() - self.Q)
        else:
            self._sample(self._rng)

    def values(self) -> Array:
        """Return regularised values of all states under the present actors, shape ``(2, states)``."""
        return self._values(slice(None))

    def _values(self, states: slice) -> Array:
        values = np.empty((2, len(self.agents[0][states])))
        for i in range(2):
            x, y, p = (self.agents[k][states] for k in (i, 1 - i, 2 + i))
            payoff = self.Q[i, states] if i == 0 else self.Q[i, states].transpose(0, 2, 1)
            expected = np.einsum("sa,sab,sb->s", x, payoff, p)
            price = p * np.log(p / y) if self.rationality.divergence == "kl" else y * np.log(y / p)
            penalty = np.array([nu(self.rationality.regularizer, row) for row in x])
            values[i] = (
                expected + price.sum(axis=1) / self.rationality.tau[i] - self.rationality.epsilon[i] * penalty
            )
        return values

    def backup(self) -> Array:
        """Return ``r + gamma E V(next)`` under the present actors, shape of ``Q``."""
        values = self.values()
        return np.stack(
            [self.game.rewards[i] + self.discount * (self.game.transitions @ values[i]) for i in range(2)]
        )

    def result(self) -> MarkovEquilibrium:
        """Return the present policies with the gap of every stage game and the residual of the values."""
        policies, rationality = (self.agents[0].copy(), self.agents[1].copy()), self.rationality.of_matrices()
        gap = max(
            sum(matrix_gaps(stage_payoffs(self.Q, s), (policies[0][s], policies[1][s]), **rationality))
            for s in range(self.game.states)
        )
        return MarkovEquilibrium(policies, self.values(), gap, float(np.abs(self.backup() - self.Q).max()))

    def _act(self, states: npt.NDArray[np.int64], rate: float) -> None:
        moved = []
        for i in range(2):
            x, y, p = (self.agents[k][states] for k in (i, 1 - i, 2 + i))
            payoff = self.Q[i, states] if i == 0 else self.Q[i, states].transpose(0, 2, 1)
            climb = np.einsum("sab,sb->sa", payoff, p)
            climb -= self.rationality.epsilon[i] * nu_gradient(self.rationality.regularizer, x)
            price = np.log(p / y) + 1.0 if self.rationality.divergence == "kl" else -y / p
            descend = np.einsum("sab,sa->sb", payoff, x) + price / self.rationality.tau[i]
            moved.append((i, x + rate * climb))
            moved.append((2 + i, p - rate * descend))
        for k, target in moved:
            kept = np.maximum(project(target), LEAST)  # away from the boundary
            self.agents[k][states] = kept / kept.sum(axis=1, keepdims=True)

    def _sample(self, rng: np.random.Generator) -> None:
        s = self._state
        self._act(np.array([s]), self._rates[0] / self.t**0.25)
        n, m = self.game.actions
        # Actions are explored uniformly: a critic needs every pair, whatever the actors play.
        a, b = int(rng.integers(n)), int(rng.integers(m))
        following = int(rng.choice(self.game.states, p=self.game.transitions[s, a, b]))
        self._visits[s, a, b] += 1
        rate = self._rates[1] / self._visits[s, a, b] ** 0.6
        values = self._values(slice(following, following + 1))[:, 0]
        target = self.game.rewards[:, s, a, b] + self.discount * values
        self.Q[:, s, a, b] += rate * (target - self.Q[:, s, a, b])
        # Restarts keep all states visited, also where the walk would end.
        restart = rng.random() < 1.0 - self.discount
        self._state = int(rng.integers(self.game.states)) if restart else following


def stationary(
    game: MarkovGame,
    rationality: Rationality,
    *,
    discount: float = 0.9,
    iterations: int = 3000,
    rng: np.random.Generator | None = None,
    actor_rate: float | None = None,
    critic_rate: float | None = None,
) -> MarkovEquilibrium:
    """Return what the actor-critic reaches in so many iterations, with its gap and residual."""
    learner = ActorCritic(
        game, rationality, discount=discount, actor_rate=actor_rate, critic_rate=critic_rate, rng=rng
    )
    for _ in range(iterations):
        learner.step()
    return learner.result()
