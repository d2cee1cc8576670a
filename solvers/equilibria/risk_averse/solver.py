"""Risk-averse quantal response equilibria of matrix games of two players.

Every player maximises ``U^tau_i(x_i, x_j) - epsilon_i nu(x_i)``, see `nashforge.solvers.risk`. Newton's
method on the optimality conditions of both players and both adversaries
(`nashforge.solvers.equilibria.risk_averse.newton`); where uniqueness is not proven, along the principal
branch (`nashforge.solvers.equilibria.risk_averse.homotopy`), and from several starts, which find others. What
is returned is certified by a duality gap that does not depend on how it was found.

Sources: Mazumdar, Panaganti, Shi (2025), arXiv 2406.14156 (definition, tractable class); Zhang, Mazumdar
(2026), arXiv 2602.12386 (uniqueness).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.inputs import GameLike
from nashforge.solvers.equilibria.risk_averse.aggregate import make_problem
from nashforge.solvers.equilibria.risk_averse.homotopy import continue_payoffs, trace_branch
from nashforge.solvers.equilibria.risk_averse.per_action import PerActionProblem
from nashforge.solvers.equilibria.risk_averse.problem import Problem
from nashforge.solvers.programs.html import table
from nashforge.solvers.risk.utility import AGGREGATE, PER_ACTION, check_notion

Array = npt.NDArray[np.float64]

TOLERANCE, ROUNDING = 1e-10, 1e-13
"""The gap up to which play is an equilibrium: relative to what is at stake, and to epsilon."""
SMALL = 40
"""Games of at most so many actions have their principal branch traced."""
SAME = 1e-6
"""Equilibria closer than this in every probability are one."""


@dataclass(frozen=True)
class Equilibrium:
    """A strategy for each player, and how far it can be trusted. Indexing gives the strategies.

    Attributes
    ----------
    strategies : tuple of two ndarrays
        The row player's and the column player's mixed strategies.
    log_strategies : tuple of two ndarrays
        Their logarithms: with small epsilon and large tau, probabilities matter that no float can hold.
    adversaries : tuple of two ndarrays
        What each player fears of the other: worst-case distributions over the other's actions; with risk per
        action, one row an own action.
    gaps : tuple of two floats
        Upper bounds on what each player would gain by its best response, in units of utility.
    stakes : tuple of two floats
        What is at stake for each player in the profile, see `nashforge.solvers.equilibria.several.stake`.
    converged : bool
        Whether both gaps are within `TOLERANCE` of what is at stake (and `ROUNDING` of epsilon).
    principal : bool or None
        Whether the equilibrium lies on the principal branch, the curve of equilibria that leads from uniform
        play for payoffs of zero to the game: True where the branch was traced to it or there is only one
        equilibrium, None where that was not, or could not be, told.
    regime : str
        ``monotone``: any no-regret learner converges, the equilibrium is unique. ``unique``: it is unique.
        ``unproven``: outside the class for which that is known.
    others : tuple of pairs of ndarrays
        Further equilibria that were found.
    other_gaps : tuple of floats
        The gap of each of them, summed over players.
    iterations : int
        Newton steps in all.
    turns : int or None
        Turning points on the principal branch; nothing if it was not traced.
    method : str
        How the strategies were found: ``newton`` from uniform play, ``continuation`` of growing payoffs,
        ``branch`` (traced from uniform play), or from another ``start``.
    message : str
        What to know about the result, in a sentence.
    """

    strategies: tuple[Array, Array]
    log_strategies: tuple[Array, Array]
    adversaries: tuple[Array, Array]
    gaps: tuple[float, float]
    stakes: tuple[float, float]
    converged: bool
    principal: bool | None
    regime: str
    others: tuple[tuple[Array, Array], ...]
    other_gaps: tuple[float, ...]
    iterations: int
    turns: int | None
    method: str
    message: str

    @property
    def gap(self) -> float:
        """Sum of both players' gaps."""
        return self.gaps[0] + self.gaps[1]

    @property
    def unique(self) -> bool | None:
        """Whether there is no other equilibrium; nothing if that is not known."""
        return False if self.others else True if self.regime != "unproven" else None

    def _repr_html_(self) -> str:
        rows = [
            (player, action, float(p), gap)
            for player, (strategy, gap) in enumerate(zip(self.strategies, self.gaps, strict=True))
            for action, p in enumerate(strategy)
        ]
        head = ("player", "action", "probability", "gap of the player")
        return table("equilibrium", head, rows, f"{self.message} ({self.method})")

    def __getitem__(self, player: int) -> Array:
        return self.strategies[player]

    def __len__(self) -> int:
        return len(self.strategies)

    def __iter__(self) -> Iterator[Array]:
        return iter(self.strategies)


def rqe(
    game: GameLike,
    payoffs_2: object = None,
    *,
    tau: Sequence[float] | float,
    epsilon: Sequence[float] | float,
    divergence: str = "kl",
    regularizer: str = "entropy",
    risk: str = AGGREGATE,
    start: Sequence[npt.ArrayLike] | None = None,
) -> Equilibrium:
    """Return a risk-averse quantal response equilibrium of a matrix game.

    Parameters
    ----------
    game, payoffs_2
        Both players' payoffs, the row player's actions as rows of both, or a whole game: as in `nash`.
    tau
        Aversion to risk of each player, at least 0 (0: logit or barrier quantal response).
    epsilon
        Weight of each player's regulariser, positive, in units of utility.
    divergence
        ``kl``, ``reverse_kl``, ``chi2`` or ``cvar`` (which keeps the worst fraction ``1 / (1 + tau)``).
    regularizer
        ``entropy`` or ``barrier``.
    risk
        ``aggregate``: each player fears one adversary, whatever it does itself; ``per_action``: one for each
        own action.
    start
        Strategies to start from instead, to look for a particular equilibrium.

    Returns
    -------
    Equilibrium
        Strategies by index, gap and report: the one on the principal branch from uniform play where that was
        traced (see `Equilibrium.principal`), with the others that were found beside it.

    Raises
    ------
    RiskError
        If a payoff or a parameter is not valid.

    Examples
    --------
    >>> from nashforge.solvers.equilibria import rqe
    >>> row, column = [[9, 0], [6, 8]], [[4, 13], [7, 5]]
    >>> found = rqe(row, column, tau=(0.08, 2), epsilon=(0.68, 10), regularizer="barrier")
    >>> round(float(found[0][0]), 4), round(float(found[1][0]), 4), found.gap < 1e-10
    (0.2142, 0.5245, True)
    """
    problem = make_problem(
        game, payoffs_2, tau=tau, epsilon=epsilon, divergence=divergence, regularizer=regularizer
    )
    check_notion(risk)
    if risk == PER_ACTION:
        return solve(PerActionProblem(problem.centred, problem.risks, problem.epsilons, regularizer), start)
    return solve(problem, start)


def solve(problem: Problem, start: Sequence[npt.ArrayLike] | None = None) -> Equilibrium:
    """Find an equilibrium of a problem and report on it; ``start`` as in `rqe`."""
    search, known = _Search(problem), problem.regime
    given = None if start is None else tuple(np.asarray(x, dtype=np.float64) for x in start)
    first, method = search.try_start(given), "newton" if given is None else "start"
    unique, turns, principal = known != "unproven", None, None
    if given is None and not unique:
        for corner in _corners(problem.shape):
            search.try_start(corner)
            search.try_start(problem.responses(corner))
    if first is None:
        first, method = search.continue_payoffs(), "continuation"
    if first is None or (given is None and not unique and sum(problem.shape) <= SMALL):
        traced, turns = search.trace()
        if traced is not None:
            first, method, principal = traced, "branch", True
    if first is None:
        first, method = (search.found[0], "start") if search.found else (search.give_up(), "newton")
    others = [z for z in search.found if z is not first and not search.same(z, first)]
    gaps = problem.gaps(first)
    converged = search.good(first, gaps)
    if unique and converged:
        principal = True
    return Equilibrium(
        strategies=problem.strategies(first),
        log_strategies=problem.log_strategies(first),
        adversaries=problem.adversaries(first),
        gaps=gaps,
        stakes=problem.stakes(first),
        converged=converged,
        principal=principal if converged else None,
        regime=known,
        others=tuple(problem.strategies(z) for z in others),
        other_gaps=tuple(sum(problem.gaps(z)) for z in others),
        iterations=search.iterations,
        turns=turns,
        method=method,
        message=_message(converged, known, len(others), sum(gaps), principal),
    )


class _Search:
    """Collects distinct equilibria of a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.found: list[Array] = []
        self.iterations = 0
        self._closest: tuple[float, Array] | None = None

    def good(self, z: Array, gaps: tuple[float, float]) -> bool:
        bounds = zip(gaps, self.problem.stakes(z), self.problem.epsilons, strict=True)
        return all(gap <= TOLERANCE * stake + ROUNDING * epsilon for gap, stake, epsilon in bounds)

    def same(self, a: Array, b: Array) -> bool:
        pairs = zip(self.problem.strategies(a), self.problem.strategies(b), strict=True)
        return all(float(np.abs(x - y).max()) < SAME for x, y in pairs)

    def try_start(self, strategies: Sequence[Array] | None) -> Array | None:
        return self._improved(self.problem.start(strategies), self.problem.sharpen)

    def continue_payoffs(self) -> Array | None:
        return self._improved(self.problem.start(), partial(continue_payoffs, self.problem))

    def trace(self) -> tuple[Array | None, int]:
        branch = trace_branch(self.problem)
        self.iterations += branch.steps
        if branch.z is None:
            return None, branch.turns
        z = branch.z.copy()
        done, used = self.problem.sharpen(z)
        self.iterations += used
        return self._keep(z if done else branch.z), branch.turns

    def _improved(self, z: Array, solve: Callable[[Array], tuple[bool, int]]) -> Array | None:
        self.iterations += solve(z)[1]
        return self._keep(z)

    def give_up(self) -> Array:
        return self._closest[1] if self._closest is not None else self.problem.start()

    def _keep(self, z: Array) -> Array | None:
        if np.isfinite(z).all():
            for known in self.found:
                if self.same(z, known):
                    return known
        gaps = self.problem.gaps(z)
        gap = sum(gaps)
        if not np.isfinite(gap):
            return None
        if self._closest is None or gap < self._closest[0]:
            self._closest = (gap, z)
        if not self.good(z, gaps):
            return None
        self.found.append(z)
        return z


def _corners(shape: tuple[int, int]) -> Iterator[tuple[Array, Array]]:
    """Yield starts near pure profiles, spread over all of them: at most 12, and 2 in large games."""
    n, m = shape
    most = 12 if n + m <= SMALL else 2
    total = n * m
    for k in range(min(most, total)):
        flat = k * total // min(most, total)
        # In square games the diagonal first: there coordination games have their equilibria.
        a, b = (flat // m, flat % m) if total <= most else (k * n // most, k * m // most)
        x, y = np.full(n, 0.1 / n), np.full(m, 0.1 / m)
        x[a] += 0.9
        y[b] += 0.9
        yield x, y


def _message(converged: bool, known: str, others: int, gap: float, principal: bool | None) -> str:
    if not converged:
        return (
            f"did not converge: the gap is {gap:.2g}; try larger epsilon or smaller tau and continue from "
            "there with start="
        )
    if known == "monotone":
        return "the only equilibrium: the parameters are in the monotone class"
    if known == "unique":
        return "the only equilibrium: the parameters are in the class with a unique one"
    branch = "lies on" if principal else "need not lie on"
    if others:
        return f"{others + 1} equilibria were found; this one {branch} the principal branch from uniform play"
    return (
        f"one equilibrium was found, which {branch} the principal branch from uniform play; for these "
        "parameters it is not proven to be the only one"
    )
