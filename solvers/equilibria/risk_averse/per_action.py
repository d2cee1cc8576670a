"""Equilibria of players who fear their partner anew for every own action, arranged for Newton's method.

With an adversary for each own action a strategy ``x`` is worth ``sum x_a U_a(y)``, where ``U_a`` is the
risk-adjusted utility of playing ``a`` for sure: a best response is the quantal response to ``U(y)``, and an
equilibrium is a fixed point of both players' responses. It is looked for in logarithms::

    log x - log response_1(U_1(y)) = 0,    log y - log response_2(U_2(x)) = 0

Source: Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156, section 2, action-dependent risk aversion.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.risk_averse.newton import FAINT, FARTHEST, INVISIBLE, STRIDE
from nashforge.solvers.equilibria.risk_averse.problem import Problem
from nashforge.solvers.risk.kernels import CHI2, CVAR, KL, NEUTRAL
from nashforge.solvers.risk.measures import Risk
from nashforge.solvers.risk.regularizers import ENTROPY, quantal_response, regret, regularizer_code
from nashforge.solvers.risk.utility import action_utilities

Array = npt.NDArray[np.float64]


def steepness(payoffs: Array, risk: Risk) -> float:
    """Return a bound on the spread of any action's gradient in ``y``; infinite if there is none.

    The utility of an action moves by at most half of it times the 1-norm of a change of ``y``.
    """
    widths = np.ptp(payoffs, axis=1)
    if risk.code == NEUTRAL:
        return float(widths.max())
    stretched = np.minimum(risk.tau * widths, 700.0)
    if risk.code == KL:  # slopes are -exp(tau (U - v)) / tau, with U at most the best outcome
        return float(np.expm1(stretched).max()) / risk.tau
    if risk.code == CHI2:
        return float((widths + 0.25 * stretched * widths).max())
    if risk.code == CVAR:
        return float((1.0 + risk.tau) * widths.max())
    return math.inf


@dataclass(frozen=True, eq=False)
class PerActionProblem(Problem):
    """Players with one adversary for each own action; the unknowns are the logarithms of both strategies."""

    @property
    def regime(self) -> str:
        """``unique`` where quantal responses contract, whatever the divergence.

        In the 1-norm a quantal response moves by at most half the spread of the utilities' change over
        epsilon, for the entropy and the barrier, and utilities as `steepness` says.
        """
        bounds = [
            steepness(payoffs, risk) / (2.0 * epsilon)
            for payoffs, risk, epsilon in zip(self.centred, self.risks, self.epsilons, strict=True)
        ]
        return "unique" if bounds[0] * bounds[1] < 1.0 else "unproven"

    def magnitude(self, smoothing: float) -> float:
        """Return the largest scaled payoff, from which steps of the homotopy are chosen."""
        return max(width / epsilon for width, epsilon in zip(self.ranges, self.epsilons, strict=True))

    def solve(
        self,
        z: Array,
        t: float = 1.0,
        smoothing: float = 0.0,
        iterations: int = 100,
    ) -> tuple[bool, int]:
        """Let Newton's method improve ``z`` in place; return whether it converged, and its iterations."""
        near = self.still(t, smoothing)
        for k in range(iterations):
            residual, jacobian, _ = self.residual(z, t)
            try:
                step = np.asarray(np.linalg.solve(jacobian, -residual), dtype=np.float64)
            except np.linalg.LinAlgError:
                return False, k
            if not np.isfinite(step).all():
                return False, k
            stretch, moved = 1.0, self.displacement(z, step)
            while moved > STRIDE and stretch > 1e-12:
                stretch *= min(0.5, STRIDE / moved)
                moved = self.displacement(z, stretch * step)
            z += stretch * step
            z[: self.shape[0]], z[self.shape[0] :] = self.log_strategies(z)
            if not np.abs(z).max() < FARTHEST:
                return False, k + 1
            if stretch == 1.0 and moved < near:
                return True, k + 1
        return False, iterations

    def residual(self, z: Array, t: float) -> tuple[Array, Array, Array]:
        """Return the residual, its Jacobian, and its derivative in log t, which scales all utilities."""
        n, m = self.shape
        strategies = self.strategies(z)
        F, D, J = np.empty(n + m), np.empty(n + m), np.eye(n + m)
        for i, (own, other) in enumerate(((slice(0, n), slice(n, n + m)), (slice(n, n + m), slice(0, n)))):
            y = strategies[1 - i]
            risk = self.risks[i]
            utilities, worst, slopes = action_utilities(self.centred[i], y, risk)
            logs, response = self._log_response(i, t * utilities)
            F[own] = z[own] - np.logaddexp.reduce(z[own]) - logs
            # For KL the product is the worst case, also where the slope exceeds any float.
            moved = worst / -risk.tau if risk.code == KL else slopes * y
            moved -= np.outer(moved.sum(axis=1), y)  # strategies are normalised exponentials of unknowns
            J[own, other] = -response(t * moved)
            D[own] = -response(t * utilities[:, None])[:, 0]
        return F, J, D

    def displacement(self, z: Array, step: Array) -> float:
        """Return the largest change of a visible logarithm, see `newton`."""

        def visible(logarithms: Array) -> Array:
            return np.asarray(np.log(INVISIBLE + np.exp(np.minimum(logarithms, 300.0))))

        return float(np.abs(visible(z + step) - visible(z)).max())

    def metric(self, z: Array) -> Array:
        """Return the matrix ``L`` by which a direction ``d`` in unknowns and log t has length ``|L d|``."""
        visible = np.concatenate(self.strategies(z))
        return np.diag(np.append(visible / (visible + FAINT), 1.0))

    def utilities(self, player: int, partner: Array) -> Array:
        """Return the risk-adjusted utility of each own action against a partner's strategy."""
        return action_utilities(self.centred[player], partner, self.risks[player])[0]

    def adversaries(self, z: Array) -> tuple[Array, Array]:
        """Return both players' worst cases: for each own action a distribution over the other's."""
        strategies = self.strategies(z)
        first, second = (
            action_utilities(self.centred[i], strategies[1 - i], self.risks[i])[1] for i in range(2)
        )
        return first, second

    def gaps(self, z: Array) -> tuple[float, float]:
        """Return for each player what its best response gains."""
        if not np.isfinite(z).all():
            return math.inf, math.inf
        strategies = self.strategies(z)
        first, second = (
            regret(self.regularizer, self.utilities(i, strategies[1 - i]), strategies[i], self.epsilons[i])
            for i in range(2)
        )
        return first, second

    def stakes(self, z: Array) -> tuple[float, float]:
        """Return what is at stake for each player against what it fears, see `several.stake`."""
        strategies, adversaries = self.strategies(z), self.adversaries(z)
        found = []
        for payoffs, x, worst in zip(self.centred, strategies, adversaries, strict=True):
            value = float(x @ (payoffs * worst).sum(axis=1))
            found.append(float((np.abs(payoffs - value) * worst).sum(axis=1).max()))
        return found[0], found[1]

    def _log_response(self, i: int, utilities: Array) -> tuple[Array, Callable[[Array], Array]]:
        """Return the logarithm of a player's response and the map from changes of utilities to its change."""
        epsilon = self.epsilons[i]
        if regularizer_code(self.regularizer) == ENTROPY:
            logs = utilities / epsilon
            logs = logs - np.logaddexp.reduce(logs)
            x = np.exp(logs)
            return logs, lambda change: (change - x @ change) / epsilon
        x = quantal_response(self.regularizer, utilities, epsilon)
        weights = x * x / float(np.sum(x * x))
        return np.log(x), lambda change: x[:, None] * (change - weights @ change) / epsilon
