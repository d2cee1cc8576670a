"""A risk-averse quantal response problem of two players, arranged for the Newton kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.inputs import GameLike, matrix_game
from nashforge.solvers.equilibria.risk_averse import newton as kernels
from nashforge.solvers.equilibria.several import stake
from nashforge.solvers.risk.kernels import CHI2, CVAR, KL, REVERSE_KL, measure
from nashforge.solvers.risk.measures import Risk, RiskError
from nashforge.solvers.risk.regularizers import quantal_response, regret, regularizer_code

Array = npt.NDArray[np.float64]

FREE_BOTH = np.zeros(2, dtype=np.int64)
FLAT = 1e-300
"""The range of payoffs that are all alike: none, but for divisions."""
STILL, ROUNDING = 1e-12, 4e-15
"""Newton has converged when a full step changes no visible logarithm by more: absolutely, or relative to the
largest scaled payoff, which is what rounding allows."""


class Growing(Protocol):
    """What continuation needs of a problem; see `Problem` for what the methods do."""

    @property
    def kinked(self) -> bool: ...
    def magnitude(self, smoothing: float) -> float: ...
    def solve(
        self,
        z: Array,
        t: float = 1.0,
        smoothing: float = 0.0,
        mode: npt.NDArray[np.int64] = FREE_BOTH,
        iterations: int = 100,
    ) -> tuple[bool, int]: ...
    def sharpen(self, z: Array, mode: npt.NDArray[np.int64] = FREE_BOTH) -> tuple[bool, int]: ...


class Solvable(Growing, Protocol):
    """What the search for equilibria needs of a problem."""

    @property
    def shape(self) -> tuple[int, int]: ...
    def start(self, strategies: Sequence[Array] | None = None) -> Array: ...
    def strategies(self, z: Array) -> tuple[Array, Array]: ...
    def log_strategies(self, z: Array) -> tuple[Array, Array]: ...
    def adversaries(self, z: Array) -> tuple[Array, Array]: ...
    def gaps(self, z: Array) -> tuple[float, float]: ...
    def stakes(self, z: Array) -> tuple[float, float]: ...
    def replies(self, strategies: Sequence[Array]) -> tuple[Array, Array]: ...
    @property
    def epsilons(self) -> tuple[float, float]: ...


@dataclass(frozen=True)
class Problem:
    """Two players with their payoffs, risk and regularisers.

    Attributes
    ----------
    payoffs : tuple of two ndarrays
        Own actions as rows: shapes ``(n, m)`` and ``(m, n)``.
    centred : tuple of two ndarrays
        The same less their medians: a constant changes no decision, and its rounding errors would. A median
        is near most payoffs, whatever a few penalties are.
    risks : tuple of two Risk
    epsilons : tuple of two floats
        Weights of the regulariser, positive, in units of utility.
    regularizer : str
    """

    payoffs: tuple[Array, Array]
    risks: tuple[Risk, Risk]
    epsilons: tuple[float, float]
    regularizer: str
    spec: npt.NDArray[np.int64] = field(init=False, repr=False)
    ranges: tuple[float, float] = field(init=False, repr=False)
    centred: tuple[Array, Array] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        code = regularizer_code(self.regularizer)
        spec = [number for risk in self.risks for number in (risk.code, code)]
        object.__setattr__(self, "spec", np.array(spec, dtype=np.int64))
        ranges = tuple(max(float(np.ptp(payoff)), FLAT) for payoff in self.payoffs)
        object.__setattr__(self, "ranges", ranges)
        object.__setattr__(self, "centred", tuple(levelled(payoff) for payoff in self.payoffs))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of each player."""
        n, m = self.payoffs[0].shape
        return n, m

    @property
    def kinked(self) -> bool:
        """Whether a divergence bounds the adversary, so that its wall has to be sharpened step by step."""
        return any(risk.code in (CHI2, CVAR) for risk in self.risks)

    def scaled(self, smoothing: float) -> tuple[Array, Array, Array, Array, Array]:
        """Return the kernels' payoff matrices and parameters at a sharpness of the adversary's bounds."""
        strategic: list[Array] = []
        adversarial: list[Array] = []
        values: list[float] = []
        for centred, risk, epsilon, width in zip(
            self.centred, self.risks, self.epsilons, self.ranges, strict=True
        ):
            strategic.append(centred / epsilon)
            # Flat payoffs leave an adversary nothing to choose, at any price.
            price = 1.0 / (smoothing * (width if width > FLAT else 1.0)) if risk.code == CVAR else risk.tau
            adversarial.append(centred * price)
            values += [risk.tau, smoothing]
        return strategic[0], strategic[1], adversarial[0], adversarial[1], np.array(values)

    def magnitude(self, smoothing: float) -> float:
        """Return the largest scaled payoff, from which steps of continuation are chosen."""
        return max(float(np.abs(matrix).max()) for matrix in self.scaled(smoothing)[:4])

    def start(self, strategies: Sequence[Array] | None = None) -> Array:
        """Return unknowns at given strategies (uniform by default), adversaries at what they expect."""
        n, m = self.shape
        z = np.zeros(2 * (n + m) + 4)
        first, second = strategies or (np.full(n, 1.0 / n), np.full(m, 1.0 / m))
        z[:n] = np.log(np.maximum(first, 1e-300))
        z[n : n + m] = np.log(np.maximum(second, 1e-300))
        for i, (risk, slots) in enumerate(
            zip(self.risks, (slice(n + m, n + 2 * m), slice(n + 2 * m, 2 * (n + m))), strict=True)
        ):
            if risk.code == CVAR:  # the tilt that is 1: w = (1 + tau) / (1 + exp(-psi))
                z[slots] = -math.log(risk.tau)
                z[2 * (n + m) + 2 + i] = -math.log(risk.tau)
        return z

    def solve(
        self,
        z: Array,
        t: float = 1.0,
        smoothing: float = 0.0,
        mode: npt.NDArray[np.int64] = FREE_BOTH,
        iterations: int = 100,
    ) -> tuple[bool, int]:
        """Let Newton's method improve ``z`` in place; return whether it converged, and its iterations."""
        A1, A2, B1, B2, values = self.scaled(smoothing)
        try:
            done, used = kernels.newton(
                z, A1, A2, B1, B2, t, self.spec, values, mode, still((A1, A2, B1, B2), t), iterations
            )
        except np.linalg.LinAlgError:  # a singular Jacobian: this start leads nowhere
            return False, iterations
        return bool(done), int(used)

    def sharpen(self, z: Array, mode: npt.NDArray[np.int64] = FREE_BOTH) -> tuple[bool, int]:
        """Solve with ever sharper bounds of the adversary, from wide to rounding; in place."""
        if not self.kinked:
            return self.solve(z, mode=mode)
        smoothing, total = WIDE, 0
        good, trial, factor = False, z.copy(), 0.1
        while smoothing > SHARP:
            done, used = self.solve(trial, smoothing=smoothing, mode=mode)
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

    def log_strategies(self, z: Array) -> tuple[Array, Array]:
        """Return the logarithms of both strategies, which may lie far below what a float can hold."""
        n, m = self.shape
        first, second = z[:n], z[n : n + m]
        return first - np.logaddexp.reduce(first), second - np.logaddexp.reduce(second)

    def strategies(self, z: Array) -> tuple[Array, Array]:
        """Return both strategies."""
        first, second = (np.exp(logarithm) for logarithm in self.log_strategies(z))
        return first / first.sum(), second / second.sum()

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
        """Return for each player an upper bound on what its best reply would gain, zero at an equilibrium.

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

    def replies(self, strategies: Sequence[Array]) -> tuple[Array, Array]:
        """Return both players' quantal responses to strategies, as if neither feared the other."""
        first, second = (
            quantal_response(self.regularizer, self.centred[i] @ strategies[1 - i], self.epsilons[i])
            for i in range(2)
        )
        return first, second

    def stakes(self, z: Array) -> tuple[float, float]:
        """Return what is at stake for each player against its adversary, see `several.stake`."""
        strategies, adversaries = self.strategies(z), self.adversaries(z)
        first, second = (stake(self.centred[i], strategies[i], adversaries[i]) for i in range(2))
        return first, second


WIDE, SHARP = 0.1, 1e-12
"""Sharpness of the adversary's bounds: first, and beyond the last."""


def still(scaled: Sequence[Array], t: float) -> float:
    """Return the displacement below which Newton's method has converged, see `STILL`."""
    return max(STILL, ROUNDING * t * max(float(np.abs(matrix).max()) for matrix in scaled))


def levelled(payoffs: Array) -> Array:
    """Return payoffs less their median."""
    return np.ascontiguousarray(
        payoffs - np.partition(payoffs, payoffs.size // 2, axis=None)[payoffs.size // 2]
    )


def make_problem(
    game: GameLike,
    payoffs_2: object = None,
    *,
    tau: Sequence[float] | float,
    epsilon: Sequence[float] | float,
    divergence: str,
    regularizer: str,
) -> Problem:
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
    return Problem(
        payoffs=matrix_game(game, payoffs_2).own,
        risks=(Risk(averse[0], divergence), Risk(averse[1], divergence)),
        epsilons=irrational,
        regularizer=regularizer,
    )


def pair(name: str, given: Sequence[float] | float) -> tuple[float, float]:
    """Return one number a player; a single number stands for both."""
    if isinstance(given, int | float):
        return float(given), float(given)
    values = tuple(float(value) for value in given)
    if len(values) != 2:
        raise RiskError(f"{name} must be a pair, one number a player; got {given!r}")
    return values[0], values[1]
