"""Gaps of profiles: the regret of players who are risk-averse and of bounded rationality.

Zero exactly at an equilibrium, positive elsewhere. One-shot games of two players use the definition with
exact best responses; extensive games its dilated form (`nashforge.solvers.risk.dilated`), for KL with the
entropy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.layout import own_rows
from nashforge.games.matrix.reading import is_one_shot, one_shot
from nashforge.games.sequence_form import SequenceForm, Treeplex
from nashforge.solvers.equilibria.risk_averse.best_response import best_response, regularized_value
from nashforge.solvers.risk.dilated import seats
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import regret
from nashforge.solvers.risk.utility import AGGREGATE, PER_ACTION, action_utilities, check_notion
from nashforge.solvers.sequence_form.profile import Profile, realization_plans
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]

ITERATIONS = 2000
CLOSE = 1e-10
"""Largest distance of a maximum from its bound, relative to the payoffs."""


def matrix_gaps(
    payoffs: Sequence[Array],
    strategies: Sequence[Array],
    *,
    tau: Sequence[float],
    epsilon: Sequence[float],
    divergence: str = "kl",
    regularizer: str = "entropy",
    risk: str = AGGREGATE,
) -> tuple[float, float]:
    """Return what each player of a matrix game would gain by its best response, in units of utility.

    Parameters
    ----------
    payoffs
        Both players' payoffs, player 1's actions as rows.
    strategies
        A strategy of each player.
    tau, epsilon, divergence, regularizer, risk
        As in `nashforge.solvers.equilibria.rqe`; ``tau`` 0 is the QRE gap.
    """
    check_notion(risk)
    payoffs, gaps = own_rows(*payoffs), []
    for i in range(2):
        own, other, measure = strategies[i], strategies[1 - i], Risk(tau[i], divergence)
        if risk == PER_ACTION:  # its Bregman form keeps the digits of small gaps
            gaps.append(regret(regularizer, action_utilities(payoffs[i], other, measure)[0], own, epsilon[i]))
            continue
        here = regularized_value(payoffs[i], own, other, measure, epsilon[i], regularizer)
        best = best_response(
            payoffs[i],
            other,
            tau=tau[i],
            epsilon=epsilon[i],
            divergence=divergence,
            regularizer=regularizer,
        )
        # A response that was not found to the end must not pass for the best.
        gaps.append(max(best.value + best.gap - here, 0.0))
    return gaps[0], gaps[1]


def rqe_gap(
    form: SequenceForm,
    profile: Profile,
    *,
    tau: float,
    epsilon: float,
    divergence: str = "kl",
    regularizer: str = "entropy",
) -> float:
    """Return the RQE gap of a profile, summed over players, in units of utility; ``tau`` 0 is the QRE gap.

    Raises
    ------
    RiskError
        In extensive games, for other choices than KL and the entropy, or with more than two players.
    """
    if is_one_shot(form):
        game = one_shot(form)
        return sum(
            matrix_gaps(
                game.payoffs,
                [np.asarray(policy) for policy in profile],
                tau=(tau, tau),
                epsilon=(epsilon, epsilon),
                divergence=divergence,
                regularizer=regularizer,
            )
        )
    if (tau > 0 and divergence != "kl") or regularizer != "entropy":
        raise RiskError(
            f"the gap of extensive games is defined for kl with entropy; got {divergence} with {regularizer}"
        )
    if tau > 0 and form.players > 2:
        raise RiskError(f"the RQE gap is computed for two players; {form.name} has {form.players}")
    return sum(_dilated_gap(form, profile, player, tau, epsilon) for player in range(form.players))


def entropy_value(treeplex: Treeplex, plan: Array, policy: Array) -> float:
    """Return the dilated negative entropy of a policy: the sum of plan times log policy."""
    return float(np.sum(np.where(plan > 0, plan * np.log(np.maximum(policy, 1e-300)), 0.0)))


def soft_pass(treeplex: Treeplex, payoffs: Array, weights: Array, temperature: float) -> tuple[float, Array]:
    """Return the best of ``payoffs . x - temperature KL(x, weights)`` in dilated form, and its policy.

    Parameters
    ----------
    payoffs
        Of every sequence, shape ``(sequences + 1,)``; overwritten.
    weights
        Logarithms of the reference, which need not be normalised, shape ``(sequences,)``.
    """
    policy = np.empty(treeplex.sequences)
    for i in range(treeplex.infosets - 1, -1, -1):
        first, end = treeplex.start[i], treeplex.start[i + 1]
        logits = payoffs[first:end] / temperature + weights[first:end]
        top = logits.max()
        total = np.exp(logits - top)
        policy[first:end] = total / total.sum()
        payoffs[treeplex.parent[i]] += temperature * (top + np.log(total.sum()))
    return float(payoffs[-1]), policy


def _dilated_gap(form: SequenceForm, profile: Profile, player: int, tau: float, epsilon: float) -> float:
    """Return the gap of one player: mirror ascent on its concave objective, stopped by the duality gap."""
    shared, treeplex = tables(form), form.treeplexes[player]
    plans = realization_plans(form, profile)
    own = shared.segments[player]
    nothing = np.zeros(treeplex.sequences)

    def objective(policy: Array) -> tuple[float, float, Array]:
        """Return the objective, an upper bound on its maximum, and its gradient."""
        shared.set_plan(player, policy, plans, np.empty(len(policy)))
        gradient = np.empty(treeplex.sequences + 1)
        entropy = entropy_value(treeplex, plans[own][:-1], policy)
        if tau > 0:
            found = seats(form).evaluate(profile, player, Risk(tau), plans)
            value, price = found.value, found.divergence / tau
            gradient[:-1], gradient[-1] = found.gradient, value - price - found.gradient @ plans[own][:-1]
        else:
            shared.product(player, plans, gradient)
            value, price = float(gradient @ plans[own]), 0.0
        bound, _ = soft_pass(treeplex, gradient.copy(), nothing, epsilon)
        return value - epsilon * entropy, bound + price, gradient

    policy = np.asarray(profile[player], dtype=np.float64)
    here, bound, gradient = objective(policy)
    value, best, step = here, bound, 1.0 / epsilon
    # By what is at stake: payoffs of 1e-9 are not close to optimal from the beginning.
    possible = form.leaf_chance > 0
    stake = float(np.ptp(form.leaf_payoffs[player, possible] / form.leaf_chance[possible]))
    close = CLOSE * max(min(1.0, stake), abs(value))
    for _ in range(ITERATIONS):
        if best - value <= close or step < 1e-12:
            break
        # A step in the geometry of the dilated entropy: temperature epsilon + 1 / step, drawn to the last
        # policy.
        temperature = epsilon + 1.0 / step
        weights = np.log(np.maximum(policy, 1e-300)) / (step * temperature)
        _, ahead = soft_pass(treeplex, gradient.copy(), weights, temperature)
        trial, bound, slope = objective(ahead)
        best = min(best, bound)
        if trial >= value:
            policy, value, gradient, step = ahead, trial, slope, 2.0 * step
        else:
            step *= 0.25
    return max(value - here, 0.0) if math.isfinite(here) else math.inf
