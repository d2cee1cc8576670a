"""Nash equilibria and security strategies of matrix games of two players.

Security strategies and zero-sum games are linear programs (HiGHS). Nash equilibria of other small games are
enumerated by nashpy, one of a larger game is found by a mixed-integer program: Sandholm, Gilpin, Conitzer
(2005), Mixed-Integer Programming Methods for Finding Nash Equilibria. Whatever a library returns is checked
here.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.risk.measures import RiskError, check_payoffs

Array = npt.NDArray[np.float64]

SAME = 1e-7
SMALL = 14
"""Games of at most so many actions have all supports enumerated; of larger ones one equilibrium is found."""
SECONDS = 60.0
"""Time limit of the mixed-integer program."""


@dataclass(frozen=True)
class NashEquilibria:
    """Nash equilibria of one game. Indexing gives the strategies of the first.

    Attributes
    ----------
    equilibria : tuple of pairs of ndarrays
        Distinct, each a strategy of player 1 and of player 2.
    gaps : tuple of floats
        NashConv of each: what both players' best responses gain, in units of utility.
    complete : bool
        Whether all equilibria of a non-degenerate game are listed.
    method : str
    """

    equilibria: tuple[tuple[Array, Array], ...]
    gaps: tuple[float, ...]
    complete: bool
    method: str

    def __getitem__(self, player: int) -> Array:
        return self.equilibria[0][player]


def nash_gap(first: Array, second: Array, x: Array, y: Array) -> float:
    """Return NashConv of a profile: the sum of what best responses gain; own actions as rows."""
    u, v = first @ y, second @ x
    return float(u.max() - x @ u + v.max() - y @ v)


def security(payoffs: npt.ArrayLike) -> tuple[Array, float]:
    """Return a strategy with the best guaranteed payoff, and that payoff (the security value).

    Parameters
    ----------
    payoffs
        Own actions as rows, shape ``(own actions, partner actions)``.

    Raises
    ------
    RiskError
        If the payoffs are not a matrix of finite numbers.
    """
    from scipy.optimize import linprog

    matrix = check_payoffs("payoffs", payoffs)
    n, m = matrix.shape
    shift, width = float(matrix.min()), max(float(np.ptp(matrix)), 1e-300)
    scaled = (matrix - shift) / width
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.hstack([-scaled.T, np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0.0, None)] * n + [(None, None)],
        method="highs-ds",
    )
    if found.status != 0:
        raise RiskError(f"the linear program of the security strategy failed: {found.message}")
    x = np.maximum(np.asarray(found.x)[:n], 0.0)
    x /= x.sum()
    return x, float((x @ matrix).min())


def nash(payoffs_1: npt.ArrayLike, payoffs_2: npt.ArrayLike, tolerance: float = 1e-7) -> NashEquilibria:
    """Return Nash equilibria of a matrix game of two players.

    Parameters
    ----------
    payoffs_1, payoffs_2
        Each player's payoffs with its own actions as rows.
    tolerance
        Largest NashConv, relative to the range of payoffs, that counts as an equilibrium.

    Raises
    ------
    RiskError
        If the payoffs do not fit together, or no equilibrium was found.
    """
    first, second = check_payoffs("payoffs_1", payoffs_1), check_payoffs("payoffs_2", payoffs_2)
    if second.shape != first.shape[::-1]:
        raise RiskError(
            f"payoffs_2 must have player 2's own actions as rows, shape {first.shape[::-1]}; "
            f"got {second.shape}"
        )
    if np.ptp(first + second.T) <= 1e-12 * max(np.ptp(first), 1.0):  # constant-sum
        profiles: Iterable[tuple[Array, Array]] = [(security(first)[0], security(second)[0])]
        complete, method = False, "linear program"
    elif sum(first.shape) <= SMALL:
        profiles, complete, method = _enumerate(first, second), True, "support enumeration"
    else:
        profiles, complete, method = _mixed_integer(first, second), False, "mixed-integer program"
    scale = max(float(np.ptp(first)), float(np.ptp(second)), 1.0)
    found: list[tuple[Array, Array]] = []
    for x, y in profiles:
        distinct = all(max(np.abs(x - a).max(), np.abs(y - b).max()) > SAME for a, b in found)
        if distinct and nash_gap(first, second, x, y) <= tolerance * scale:
            found.append((x, y))
    if not found:
        raise RiskError("no Nash equilibrium was found within tolerance; try a larger tolerance")
    gaps = tuple(max(nash_gap(first, second, x, y), 0.0) for x, y in found)
    return NashEquilibria(tuple(found), gaps, complete, method)


def _enumerate(first: Array, second: Array) -> Iterable[tuple[Array, Array]]:
    import nashpy  # type: ignore[import-untyped]

    game = nashpy.Game(first, second.T)
    with warnings.catch_warnings():
        # Degenerate games have infinitely many equilibria; the listed ones are checked by the caller.
        warnings.simplefilter("ignore")
        pairs = itertools.chain(
            list(game.support_enumeration(non_degenerate=False)), list(game.vertex_enumeration())
        )
    return _valid(pairs)


def _mixed_integer(first: Array, second: Array) -> Iterable[tuple[Array, Array]]:
    """Solve for strategies x, y, values u, v and supports in which no action has any regret."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, m = first.shape
    R, S = ((payoff - payoff.min()) / max(float(np.ptp(payoff)), 1e-300) for payoff in (first, second))
    # Columns: x (n), y (m), supports of both (n + m), u, v. Payoffs lie between 0 and 1, so regrets do, too.
    size = 2 * (n + m) + 2
    x, y = slice(0, n), slice(n, n + m)
    in_x, in_y = slice(n + m, 2 * n + m), slice(2 * n + m, 2 * (n + m))
    regrets = np.zeros((n + m, size))
    regrets[:n, y], regrets[:n, -2] = -R, 1.0
    regrets[n:, x], regrets[n:, -1] = -S, 1.0
    played = np.zeros((n + m, size))
    played[:n, in_x], played[n:, in_y] = np.eye(n), np.eye(m)
    weights = np.zeros((n + m, size))
    weights[:n, x], weights[n:, y] = np.eye(n), np.eye(m)
    sums = np.zeros((2, size))
    sums[0, x], sums[1, y] = 1.0, 1.0
    integer = np.zeros(size)
    integer[in_x] = integer[in_y] = 1
    found = milp(
        np.zeros(size),
        integrality=integer,
        bounds=Bounds(np.zeros(size), np.ones(size)),
        constraints=[
            LinearConstraint(sums, 1.0, 1.0),
            LinearConstraint(regrets, 0.0, np.inf),
            LinearConstraint(regrets + played, -np.inf, 1.0),
            LinearConstraint(weights - played, -np.inf, 0.0),
        ],
        options={"time_limit": SECONDS},
    )
    if found.x is None:
        return []
    solution = np.asarray(found.x)
    rows, columns = solution[in_x] > 0.5, solution[in_y] > 0.5
    exact = _on_supports(R, S, rows, columns)
    return _valid([exact] if exact is not None else [(solution[x], solution[y])])


def _on_supports(
    first: Array, second: Array, rows: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_]
) -> tuple[Array, Array] | None:
    """Return the strategies that make each other's supports indifferent, free of the program's tolerances."""

    def indifferent(payoffs: Array) -> Array:
        k, width = payoffs.shape
        system = np.zeros((k + 1, width + 1))
        system[:k, :width], system[:k, -1], system[-1, :width] = payoffs, -1.0, 1.0
        return np.asarray(np.linalg.lstsq(system, np.append(np.zeros(k), 1.0), rcond=None)[0][:-1])

    x, y = np.zeros(len(rows)), np.zeros(len(columns))
    y[columns] = indifferent(first[np.ix_(rows, columns)])
    x[rows] = indifferent(second[np.ix_(columns, rows)])
    return (x, y) if min(x.min(), y.min()) > -1e-9 and nash_gap(first, second, x, y) < 1e-9 else None


def _valid(pairs: Iterable[tuple[Array, Array]]) -> Iterable[tuple[Array, Array]]:
    for x, y in pairs:
        if np.isfinite(x).all() and np.isfinite(y).all() and x.min() > -1e-9 and y.min() > -1e-9:
            a, b = np.maximum(x, 0.0), np.maximum(y, 0.0)
            yield a / a.sum(), b / b.sum()
