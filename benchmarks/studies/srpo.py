"""SRPO in tabular form: strategically risk-averse policy gradients for one-shot cooperative games.

Every agent i trains against an adversary copy of its partner: the agent climbs its payoff with that adversary
plus ``epsilon`` times its entropy; the adversary, which starts as a copy of the partner, descends it and pays
``KL(adversary, partner) / tau``. Only the pairs (agent, its adversary) meet. Gradients of softmax logits
are estimated from sampled actions with the payoff's batch mean as a baseline; entropy and KL are exact.
Plain independent learners, the baseline, are the same with the true partner in the adversary's place.

Source: strategic risk aversion (2026), arXiv 2602.21515, algorithm 1, without function approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.layout import own_rows
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """Strategies of both agents and of their adversaries (the partners themselves without risk)."""

    agents: tuple[Array, Array]
    adversaries: tuple[Array, Array]


def softmax(logits: Array) -> Array:
    """Return the strategy of logits."""
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def srpo(
    payoffs: Sequence[Array],
    rng: np.random.Generator,
    *,
    tau: float | None = 1.0,
    epsilon: float = 0.1,
    steps: int = 2000,
    batch: int = 64,
    rate: float = 0.1,
) -> Trained:
    """Train two agents.

    Parameters
    ----------
    payoffs
        Both agents' payoffs, the first agent's actions as rows.
    tau
        Aversion to risk, positive; nothing for independent learners without it.
    epsilon
        Weight of the entropy.
    steps, batch, rate
        Gradient steps, sampled rounds a step, size of the steps (falling to a tenth).

    Raises
    ------
    RiskError
        If a parameter is not positive.
    """
    if (tau is not None and tau <= 0) or epsilon <= 0 or min(steps, batch) < 1:
        raise RiskError(
            f"tau, epsilon, steps and batch must be positive; got {tau}, {epsilon}, {steps}, {batch}"
        )
    payoffs = own_rows(*payoffs)
    theta = [rng.normal(scale=0.5, size=len(payoff)) for payoff in payoffs]
    phi = [theta[1].copy(), theta[0].copy()]
    for t in range(steps):
        step = rate / (1.0 + 9.0 * t / steps)
        moved = []
        for i in range(2):
            x, y = softmax(theta[i]), softmax(theta[1 - i])
            p = y if tau is None else softmax(phi[i])
            mine, theirs = rng.choice(len(x), size=batch, p=x), rng.choice(len(p), size=batch, p=p)
            worth = payoffs[i][mine, theirs]
            advantage = worth - worth.mean()
            climb = _score(advantage, mine, x) - epsilon * _centred(np.log(x), x)
            descend = np.zeros_like(p)
            if tau is not None:
                descend = _score(advantage, theirs, p) + _centred(np.log(p / y), p) / tau
            moved.append((climb, descend))
        for i, (climb, descend) in enumerate(moved):
            theta[i] = theta[i] + step * climb
            phi[i] = phi[i] - step * descend
    agents = (softmax(theta[0]), softmax(theta[1]))
    return Trained(agents, agents[::-1] if tau is None else (softmax(phi[0]), softmax(phi[1])))


def _score(advantage: Array, actions: npt.NDArray[np.int64], strategy: Array) -> Array:
    """Return the estimated gradient of expected payoff in the logits."""
    weights = np.bincount(actions, advantage, len(strategy)) / len(actions)
    return np.asarray(weights - strategy * weights.sum())


def _centred(values: Array, strategy: Array) -> Array:
    """Return the gradient in the logits of a function with this gradient in the probabilities."""
    return np.asarray(strategy * (values - strategy @ values))
