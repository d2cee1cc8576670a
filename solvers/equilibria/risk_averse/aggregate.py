"""The equilibrium conditions of players who fear one adversary each, arranged for the compiled iteration."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.inputs import GameLike, matrix_game, pair
from nashforge.solvers.equilibria.risk_averse import newton as kernels
from nashforge.solvers.equilibria.risk_averse.problem import FLAT, SHARP, WIDE, Problem
from nashforge.solvers.equilibria.several import stake
from nashforge.solvers.risk.kernels import CHI2, CVAR, KL, REVERSE_KL, measure
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import regret, regularizer_code

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AggregateProblem(Problem):
    """Players who fear one adversary each, whatever they do themselves; its conditions are those of `newton`.

    Attributes
    ----------
    mode : tuple of two ints
        `newton.FREE` or `newton.FIXED` for each player: whether its strategy is solved for, or is given.
    """

    mode: tuple[int, int] = (kernels.FREE, kernels.FREE)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return 2 * sum(self.shape) + 4

    @cached_property
    def kinked(self) -> bool:
        """Whether a divergence bounds the adversary, so that its wall has to be sharpened step by step."""
        return any(risk.code in (CHI2, CVAR) for risk in self.risks)

    @property
    def regime(self) -> str:
        """The class of parameters, for which uniqueness may be proven; see `Equilibrium.regime`."""
        if (self.risks[0].divergence, self.regularizer) in (("kl", "barrier"), ("reverse_kl", "entropy")):
            product = float(np.prod(self.epsilons) * np.prod([risk.tau for risk in self.risks]))
            # A hair of tolerance: published parameters sit on the boundary up to rounding.
            if product >= 1.0 - 1e-12:
                return "monotone"
            if 16.0 * product > 1.0:
                return "unique"
        return "unproven"

    @cached_property
    def _spec(self) -> npt.NDArray[np.int64]:
        code = regularizer_code(self.regularizer)
        return np.array([number for risk in self.risks for number in (risk.code, code)], dtype=np.int64)

    @cached_property
    def _work(self) -> tuple[npt.NDArray[np.int64], Array, Array, Array]:
        size = self.size
        return np.array(self.mode), np.empty(size), np.empty((size, size)), np.empty(size)

    @cached_property
    def _scaled(self) -> Callable[[float], tuple[tuple[Array, ...], Array, float]]:
        """The kernels' payoff matrices, parameters and largest payoff, by the sharpness of the bounds."""

        @lru_cache(maxsize=64)
        def scaled(smoothing: float) -> tuple[tuple[Array, ...], Array, float]:
            prices = [
                # Flat payoffs leave an adversary nothing to choose, at any price.
                1.0 / (smoothing * (width if width > FLAT else 1.0)) if risk.code == CVAR else risk.tau
                for risk, width in zip(self.risks, self.ranges, strict=True)
            ]
            strategic = (
                centred / epsilon for centred, epsilon in zip(self.centred, self.epsilons, strict=True)
            )
            adversarial = (own * price for own, price in zip(self.centred, prices, strict=True))
            matrices = (*strategic, *adversarial)
            values = np.array([self.risks[0].tau, smoothing, self.risks[1].tau, smoothing])
            return matrices, values, max(float(np.abs(matrix).max()) for matrix in matrices)

        return scaled

    def magnitude(self, smoothing: float) -> float:
        """Return the largest scaled payoff, from which steps of the homotopy are chosen."""
        return self._scaled(smoothing)[2]

    def start(self, strategies: Sequence[Array] | None = None) -> Array:
        """Return unknowns at given strategies (uniform by default), adversaries at what they expect."""
        z = super().start(strategies)
        n, m = self.shape
        for i, (risk, slots) in enumerate(
            zip(self.risks, (slice(n + m, n + 2 * m), slice(n + 2 * m, 2 * (n + m))), strict=True)
        ):
            if risk.code == CVAR:  # the tilt that is 1: w = (1 + tau) / (1 + exp(-psi))
                z[slots] = -math.log(risk.tau)
                z[2 * (n + m) + 2 + i] = -math.log(risk.tau)
        return z

    def solve(
        self, z: Array, t: float = 1.0, smoothing: float = 0.0, iterations: int = 100
    ) -> tuple[bool, int]:
        """Let Newton's method improve ``z`` in place; return whether it converged, and its iterations."""
        matrices, values, _ = self._scaled(smoothing)
        near, mode = self.still(t, smoothing), self._work[0]
        try:
            done, used = kernels.newton(z, *matrices, t, self._spec, values, mode, near, iterations)
        except np.linalg.LinAlgError:  # a singular Jacobian: this start leads nowhere
            return False, iterations
        return bool(done), int(used)

    def residual(self, z: Array, t: float) -> tuple[Array, Array, Array]:
        """Return the residual, its Jacobian, and its derivative in log t; the next call overwrites them."""
        matrices, values, _ = self._scaled(self.smoothing)
        mode, F, J, D = self._work
        kernels.residual(z, *matrices, t, self._spec, values, mode, F, J, D)
        return F, J, D

    def displacement(self, z: Array, step: Array) -> float:
        """Return the largest change of a visible logarithm that a step makes, along the homotopy."""
        values = self._scaled(self.smoothing)[1]
        return float(kernels.displacement(z, step, 1.0, *self.shape, self._spec, values))

    def metric(self, z: Array) -> Array:
        """Return the matrix ``L`` by which a direction ``d`` in unknowns and log t has length ``|L d|``."""
        return np.asarray(kernels.metric(z, *self.shape, self._spec, self._scaled(self.smoothing)[1]))

    def sharpen(self, z: Array) -> tuple[bool, int]:
        """Solve with ever sharper bounds of the adversary, from wide to rounding; in place."""
        if not self.kinked:
            return self.solve(z)
        smoothing, total = WIDE, 0
        good, trial, factor = False, z.copy(), 0.1
        while smoothing > SHARP:
            done, used = self.solve(trial, smoothing=smoothing)
            total += used
            if done:
                z[:], good = trial, True
                smoothing *= factor
            elif not good or factor > 0.8:
                return False, total
            else:  # sharpen in smaller steps from the last solution
                smoothing, factor = smoothing / factor, math.sqrt(factor)
                smoothing *= factor
                trial[:] = z
        return good, total

    def adversaries(self, z: Array) -> tuple[Array, Array]:
        """Return the distributions that the adversaries of both players chose."""
        n, m = self.shape
        found = []
        for risk, other, psi in zip(
            self.risks, (z[n : n + m], z[:n]), (z[n + m : n + 2 * m], z[n + 2 * m : 2 * (n + m)]), strict=True
        ):
            log_w = np.log1p(risk.tau) - np.logaddexp(0.0, -psi) if risk.code == CVAR else psi
            log_p = other + log_w
            found.append(np.exp(log_p - np.logaddexp.reduce(log_p)))
        return found[0], found[1]

    def gaps(self, z: Array) -> tuple[float, float]:
        """Return for each player an upper bound on what its best response gains, zero at an equilibrium.

        The bound is the duality gap of the player and its adversary: the best value against some ``p`` less
        the value of the strategy. It holds for every ``p``; taken are the exact worst case, and the adversary
        of the solution, which is better where several are worst (CVaR) or where probabilities matter that a
        float cannot hold (KL).
        """
        if not np.isfinite(z).all() or np.abs(z).max() > kernels.FARTHEST:
            return math.inf, math.inf
        strategies, logarithms = self.strategies(z), self.log_strategies(z)
        bounds = []
        for i, (payoff, risk, epsilon, found) in enumerate(
            zip(self.centred, self.risks, self.epsilons, self.adversaries(z), strict=True)
        ):
            x, y = strategies[i], strategies[1 - i]
            v = x @ payoff
            worst, slope = np.empty_like(y), np.empty_like(y)
            value = float(measure(risk.code, v, y, risk.tau, worst, slope))
            bound = regret(self.regularizer, payoff @ worst, x, epsilon)
            if risk.code == KL:
                ideal = logarithms[1 - i] - risk.tau * (v - v.min())
                ideal -= np.logaddexp.reduce(ideal)
                slack = float(
                    np.sum(np.where(found > 0, found * (np.log(np.maximum(found, 1e-300)) - ideal), 0.0))
                )
                bound = min(
                    bound, regret(self.regularizer, payoff @ found, x, epsilon) + max(slack, 0.0) / risk.tau
                )
            elif risk.code == REVERSE_KL:
                price = np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / np.maximum(found, 1e-300)), 0.0)
                slack = max(float(found @ v + price.sum() / risk.tau) - value, 0.0)
                bound = min(bound, regret(self.regularizer, payoff @ found, x, epsilon) + slack)
            elif risk.code == CVAR:
                allowed = np.minimum(found, (1.0 + risk.tau) * y)
                allowed /= allowed.sum()
                slack = max(float(allowed @ v) - value, 0.0)
                bound = min(bound, regret(self.regularizer, payoff @ allowed, x, epsilon) + slack)
            bounds.append(bound)
        return bounds[0], bounds[1]

    def utilities(self, player: int, partner: Array) -> Array:
        """Return what each own action is worth against a partner's strategy, as if nobody feared it."""
        return np.asarray(self.centred[player] @ partner)

    def stakes(self, z: Array) -> tuple[float, float]:
        """Return what is at stake for each player against its adversary, see `several.stake`."""
        strategies, adversaries = self.strategies(z), self.adversaries(z)
        first, second = (stake(self.centred[i], strategies[i], adversaries[i]) for i in range(2))
        return first, second


def make_problem(
    game: GameLike,
    payoffs_2: object = None,
    *,
    tau: Sequence[float] | float,
    epsilon: Sequence[float] | float,
    divergence: str,
    regularizer: str,
) -> AggregateProblem:
    """Check the arguments of `rqe` and arrange them.

    Raises
    ------
    RiskError
        If one of them is not valid.
    """
    averse, irrational = pair("tau", tau), pair("epsilon", epsilon)
    if not all(math.isfinite(value) and value > 0 for value in irrational):
        raise RiskError(
            f"epsilon must be positive and finite for both players; got {irrational}; the limit of epsilon 0 "
            "is the concept nash or security"
        )
    return AggregateProblem(
        payoffs=matrix_game(game, payoffs_2).own,
        risks=(Risk(averse[0], divergence), Risk(averse[1], divergence)),
        epsilons=irrational,
        regularizer=regularizer,
    )
