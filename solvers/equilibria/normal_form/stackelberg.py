"""Strong Stackelberg equilibria: what a player commits to, knowing that the other answers best.

The leader announces a mixed strategy; the follower plays a best response, among several one that the leader
prefers. For each action that the follower may answer with, the best commitment which makes it a best response
is a linear program, and the best of these is the equilibrium: Conitzer & Sandholm, Computing the Optimal
Strategy to Commit to (EC 2006). Its solutions are vertices of the follower's best-response regions, all of
which are listed exactly where the game is small (von Stengel & Zamir, Games and Economic Behavior 69, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.matrix.reading import Bimatrix
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.exact.extreme import enumerable, labelled
from nashforge.solvers.equilibria.exact.rational import Matrix, floats, whole
from nashforge.solvers.equilibria.inputs import GameLike, any_game
from nashforge.solvers.equilibria.normal_form.strategies import behaviour, fractions, strategic_form
from nashforge.solvers.equilibria.several import TOLERANCE, stake
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import check_player

Array = npt.NDArray[np.float64]
Exact = tuple[Fraction, ...]

MOST_PAYOFFS = 250_000
"""Payoffs of the largest game whose linear programs are tried: one for each action of the follower."""


@dataclass(frozen=True)
class Commitment:
    """A strong Stackelberg equilibrium.

    Attributes
    ----------
    leader : int
    strategies : pair of ndarrays
        Of player 0 and player 1: the leader's commitment, and the follower's answer (of extensive games
        behaviour policies).
    values : pair of floats
        Of player 0 and player 1.
    gap : float
        What the follower's best response gains over its answer, in units of utility.
    bound : float
        No commitment is worth more to the leader: `values` of the leader, where it is exact, else the largest
        value of the dual programs.
    ties : int
        So many further best responses the follower has: the value rests on its answering as the leader
        wishes, which commitments close to this one make its only best response where that can be done.
    exact : pair of tuples of Fraction, or None
        The strategies, of which the listed are the nearest floats.
    method : str
    """

    leader: int
    strategies: tuple[Array, Array]
    values: tuple[float, float]
    gap: float
    bound: float
    ties: int
    exact: tuple[Exact, Exact] | None
    method: str


@dataclass(frozen=True)
class _Found:
    """A commitment, the action that answers, how many others would do as well, and a bound on its value."""

    mixed: Exact
    answer: int
    ties: int
    bound: float
    exact: bool


def stackelberg(game: GameLike, payoffs_2: object = None, *, leader: int = 0) -> Commitment:
    """Return a strong Stackelberg equilibrium of a game of two players.

    Parameters
    ----------
    game, payoffs_2
        As in `nashforge.solvers.equilibria.nash`; extensive games must have a small strategic form.
    leader
        The player who commits, 0 or 1.

    Raises
    ------
    NoPlayerError
        If there is no such player.
    nashforge.games.UnsupportedGameError
        If the game has not two players, or is too large.
    RiskError
        If a linear program failed, or ended too far from its optimum.

    Examples
    --------
    >>> from nashforge.solvers.equilibria import stackelberg
    >>> found = stackelberg([[2, 4], [1, 3]], [[1, 0], [0, 1]])
    >>> found.strategies[0].tolist(), found.values
    ([0.5, 0.5], (3.5, 0.5))
    """
    check_player(2, leader)
    given = any_game(game, payoffs_2)
    if isinstance(given, Bimatrix):
        first, second = given.exact
        return _told(given.name, leader, first, second, None)
    if given.players != 2:
        raise UnsupportedGameError(
            f"one player commits and one answers; {given.name} has {given.players} players"
        )
    plans, (one, other) = strategic_form(given)
    return _told(given.name, leader, fractions(one), fractions(other), (given, plans))


def _told(
    name: str, leader: int, first: Matrix, second: Matrix, extensive: tuple[SequenceForm, list[Array]] | None
) -> Commitment:
    own, theirs = (first, second) if leader == 0 else (_turned(second), _turned(first))
    n, m = len(own), len(own[0])
    if n * m > MOST_PAYOFFS:
        raise UnsupportedGameError(
            f"{name} is too large for linear programs: it has {n * m:,} profiles, and at most "
            f"{MOST_PAYOFFS:,} are tried"
        )
    found = _by_vertices(own, theirs) if enumerable(n, m) else _by_programs(name, own, theirs)
    answer = tuple(Fraction(int(j == found.answer)) for j in range(m))
    worth = [_expected(found.mixed, theirs, j) for j in range(m)]
    value = _expected(found.mixed, own, found.answer)
    strategies = (found.mixed, answer)[:: 1 - 2 * leader]
    if extensive is not None:
        form, plans = extensive
        each = zip(form.treeplexes, plans, strategies, strict=True)
        strategies = tuple(behaviour(*parts) for parts in each)
    one, other = strategies
    values = (float(value), float(worth[found.answer]))[:: 1 - 2 * leader]
    return Commitment(
        leader=leader,
        strategies=(floats(one), floats(other)),
        values=(values[0], values[1]),
        gap=float(max(worth) - worth[found.answer]),
        bound=found.bound,
        ties=found.ties,
        exact=(one, other) if found.exact else None,
        method="vertex enumeration" if found.exact else "linear programs",
    )


def _turned(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def _expected(mixed: Exact, payoffs: Matrix, column: int) -> Fraction:
    return sum((p * row[column] for p, row in zip(mixed, payoffs, strict=True)), Fraction(0))


def _by_vertices(own: Matrix, theirs: Matrix) -> _Found:
    """Return the best of all vertices of the follower's best-response regions; of equals the simplest."""
    n, m = len(own), len(own[0])
    best: tuple[tuple[Fraction, int, Exact, int], int] | None = None
    for weights, labels in labelled(_turned_whole(theirs), [0] * n, [1 << j for j in range(m)]):
        total = sum(weights)
        if not total:
            continue
        mixed = tuple(p / total for p in weights)
        for j in range(m):
            if labels >> j & 1:
                value = _expected(mixed, own, j)
                order = (value, -sum(1 for p in mixed if p), mixed, -j)
                if best is None or order > best[0]:
                    best = order, labels.bit_count() - 1
    assert best is not None  # every game has best responses
    (value, _, mixed, answer), ties = best
    return _Found(mixed, -answer, ties, float(value), exact=True)


def _turned_whole(matrix: Matrix) -> list[list[int]]:
    return [list(column) for column in zip(*whole(matrix), strict=True)]


def _by_programs(name: str, own: Matrix, theirs: Matrix) -> _Found:
    """Return the best solution of one linear program for each answer, by HiGHS."""
    from scipy.optimize import linprog

    (a, middle, spread), b = _from_middle(own), _losses(theirs)
    best: tuple[float, Array, int] | None = None
    bound = -np.inf
    for j in range(a.shape[1]):
        gains = (b - b[:, j : j + 1]).T
        found = linprog(
            -a[:, j],
            A_ub=gains,
            b_ub=np.zeros(len(gains)),
            A_eq=np.ones((1, len(a))),
            b_eq=[1.0],
            method="highs-ds",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if found.status == 2:  # no commitment makes this a best response
            continue
        if found.status != 0:
            raise RiskError(f"the linear program of {name} failed: {found.message}")
        prices = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        bound = max(bound, float((a[:, j] - prices @ gains).max()))
        mixed = np.maximum(np.asarray(found.x), 0.0)
        mixed /= mixed.sum()
        value = float(mixed @ a[:, j])
        if best is None or value > best[0]:
            best = value, mixed, j
    if best is None:
        raise RiskError(
            f"the linear programs of {name} found no commitment; bring its payoffs closer together"
        )
    value, mixed, answer = best
    worth = mixed @ b
    at_stake = stake(b.T, np.eye(b.shape[1])[answer], mixed)
    if worth.max() - worth[answer] > TOLERANCE * at_stake or bound - value > TOLERANCE:
        raise RiskError(f"the linear programs of {name} ended too far from their optimum")
    ties = int((worth >= worth.max() - TOLERANCE * at_stake).sum()) - 1
    weights = [Fraction(float(p)) for p in mixed]
    commitment = tuple(p / sum(weights) for p in weights)
    largest = max(middle + spread * Fraction(bound), _expected(commitment, own, answer))
    return _Found(commitment, answer, ties, float(largest), exact=False)


def _from_middle(matrix: Matrix) -> tuple[Array, Fraction, Fraction]:
    """Return payoffs less their median, as shares of their range, and both: floats keep their digits so."""
    entries = sorted(entry for row in matrix for entry in row)
    middle, spread = entries[len(entries) // 2], (entries[-1] - entries[0]) or Fraction(1)
    return np.array([[float((entry - middle) / spread) for entry in row] for row in matrix]), middle, spread


def _losses(matrix: Matrix) -> Array:
    """Return payoffs less the best of their row, as shares of the largest such loss.

    Best responses are those of the payoffs. What the leader's actions add to a whole row, which may be large,
    is gone, and takes no digits of what the follower chooses between.
    """
    lost = [[entry - max(row) for entry in row] for row in matrix]
    largest = -min(map(min, lost)) or Fraction(1)
    return np.array([[float(entry / largest) for entry in row] for row in lost])
