"""Nash equilibria of games, and security strategies of matrix games of two players.

Games that are small have all their extreme equilibria enumerated in exact arithmetic
(`nashforge.solvers.equilibria.exact.extreme`). Of others one is found: by a linear program (HiGHS) where
payoffs sum to a constant, by complementary pivoting (`nashforge.solvers.equilibria.complementary`) elsewhere.
Whatever was found is solved again in exact arithmetic where that is possible, and what is listed carries a
gap that was computed from the payoffs that were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.matrix.reading import Bimatrix
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.complementary import Basis, lemke_howson
from nashforge.solvers.equilibria.exact.extreme import Exact, enumerable, extreme_equilibria
from nashforge.solvers.equilibria.exact.rational import Integers, exact_regrets, floats, solve, whole
from nashforge.solvers.equilibria.inputs import ZERO_SUM, GameLike, any_game
from nashforge.solvers.equilibria.several import EXACT_ACTIONS, TOLERANCE, stake, unit
from nashforge.solvers.programs.html import table
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]
Profile = tuple[Array, Array]

MOST_PIVOTS = 20_000
LARGEST = 1e300
"""Payoffs of games in extensive form, whose sums and differences are floats then."""
EXACT_ENTRIES = 40_000
"""Gaps of games with more payoffs are computed in floats."""


@dataclass(frozen=True)
class NashEquilibria:
    """Nash equilibria of one game. Indexing gives the strategies of the first.

    Attributes
    ----------
    equilibria : tuple of pairs of ndarrays
        Distinct, each a strategy of the row player and of the column player (of extensive games: a
        behaviour policy).
    gaps : tuple of floats
        NashConv of each as listed: what both players' best responses gain, in units of utility.
    regrets, stakes : tuple of pairs of floats
        What each player's best response gains in each, and what is at stake for it there: the expected
        distance of its outcomes from its value, under the action where that is largest. No regret exceeds
        `tolerance` times the stake.
    exact : tuple of tuples of tuples of Fraction, or of None
        The equilibria in exact arithmetic, of which the listed are the nearest floats; None where a profile
        is known only up to its gap.
    complete : bool
        Of two players, whether all extreme equilibria were enumerated: every other is a convex combination of
        some of them, and there is none if the game is not degenerate. Of more, whether there is no other.
    degenerate : bool or None
        Of two players, whether some strategy has more best responses than actions that it mixes; of more,
        whether somebody has another best response in one of the equilibria, or the search could not be
        completed. Then there may be infinitely many equilibria. None: not tested.
    method : str
    tolerance : float
    """

    equilibria: tuple[tuple[Array, ...], ...]
    gaps: tuple[float, ...]
    regrets: tuple[tuple[float, ...], ...]
    stakes: tuple[tuple[float, ...], ...]
    exact: tuple[tuple[Exact, ...] | None, ...]
    complete: bool
    degenerate: bool | None
    method: str
    tolerance: float = TOLERANCE

    def _repr_html_(self) -> str:
        rows = [
            (number, player, ", ".join(f"{p:.4g}" for p in strategy), gap)
            for number, (profile, gap) in enumerate(zip(self.equilibria, self.gaps, strict=True))
            for player, strategy in enumerate(profile)
        ]
        below = f"by {self.method}; {'all extreme equilibria' if self.complete else 'there may be others'}"
        return table("Nash equilibria", ("equilibrium", "player", "strategy", "gap"), rows, below)

    def __getitem__(self, player: int) -> Array:
        return self.equilibria[0][player]

    def __len__(self) -> int:
        return len(self.equilibria)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        return iter(self.equilibria)


def nash_gap(first: Array, second: Array, x: Array, y: Array) -> float:
    """Return NashConv of a profile: the sum of what best responses gain; the row player's actions as rows."""
    u, v = first @ y, x @ second
    return float(u.max() - x @ u + v.max() - v @ y)


def nash(game: GameLike, payoffs_2: object = None, *, tolerance: float = TOLERANCE) -> NashEquilibria:
    """Return Nash equilibria of a game.

    Parameters
    ----------
    game
        The row player's payoffs, or a whole game: a game string, a path, a `Bimatrix`, a compiled form,
        or a game of pyspiel. Extensive games of two players with a constant sum are solved by linear
        programs; others, and those of more players, must have a small strategic form.
    payoffs_2
        The column player's payoffs, in the same layout: the row player's actions as rows, as in nashpy
        and Gambit. Without them a matrix is a zero-sum game.
    tolerance
        Largest gap of a player, relative to what is at stake for it, that counts as an equilibrium.

    Raises
    ------
    RiskError
        If the payoffs do not fit together, or no equilibrium was found.
    nashforge.games.GameError
        If the game is none, or none that can be solved.

    Examples
    --------
    >>> from nashforge.solvers.equilibria import nash
    >>> found = nash([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> found[0].tolist(), found[1].tolist(), found.complete
    ([0.0, 1.0], [0.0, 1.0], True)
    """
    given = any_game(game, payoffs_2)
    if isinstance(given, SequenceForm):
        return _of_form(given, tolerance)
    if enumerable(*given.shape):
        found = extreme_equilibria(*given.exact)
        return _listed(
            given,
            [((floats(x), floats(y)), (x, y)) for x, y in found.equilibria],
            tolerance,
            complete=True,
            degenerate=found.degenerate,
            method="vertex enumeration",
        )
    profile, exact, method = _one(given)
    return _listed(given, [(profile, exact)], tolerance, complete=False, degenerate=None, method=method)


def _of_form(form: SequenceForm, tolerance: float) -> NashEquilibria:
    largest = float(np.abs(form.leaf_payoffs).max(initial=0.0))
    if largest > LARGEST:
        raise UnsupportedGameError(
            f"payoffs of {form.name} reach {largest:.2g}, more than {LARGEST:.0e}; divide them by a constant"
        )
    if form.players != 2 or form.constant_sum is None:
        from nashforge.solvers.equilibria.normal_form.equilibria import strategic_nash

        return strategic_nash(form, tolerance)
    from nashforge.solvers.equilibria.extensive.guarantees import sequence_nash

    found = sequence_nash(form, tolerance=tolerance)
    return NashEquilibria(
        equilibria=(found.profile,),
        gaps=(sum(found.regrets),),
        regrets=(found.regrets,),
        stakes=(found.stakes,),
        exact=(None,),
        complete=False,
        degenerate=None,
        method="linear program",
        tolerance=tolerance,
    )


def _listed(
    game: Bimatrix,
    candidates: Sequence[tuple[Profile, tuple[Exact, Exact] | None]],
    tolerance: float,
    *,
    complete: bool,
    degenerate: bool | None,
    method: str,
) -> NashEquilibria:
    """List those profiles whose gaps are within tolerance; what was dropped makes a list incomplete."""
    kept = []
    for profile, exact in candidates:
        gaps, stakes = regrets(game, profile), stakes_of(game, profile)
        if all(gap <= tolerance * stake for gap, stake in zip(gaps, stakes, strict=True)):
            kept.append((profile, exact, gaps, stakes))
    if not kept:
        raise RiskError("no Nash equilibrium was found within tolerance; try a larger tolerance")
    profiles, exact_ones, gains, at_stake = zip(*kept, strict=True)
    return NashEquilibria(
        tuple(profiles),
        tuple(map(sum, gains)),
        tuple(gains),
        tuple(at_stake),
        tuple(exact_ones),
        complete and len(kept) == len(candidates),
        degenerate,
        method,
        tolerance,
    )


def regrets(game: Bimatrix, profile: Profile) -> tuple[float, float]:
    """Return what each player's best response gains, exactly where the game is not too large."""
    x, y = profile
    if x.size * y.size <= EXACT_ENTRIES:
        first, second = exact_regrets(
            *game.exact, [Fraction(float(p)) for p in x], [Fraction(float(p)) for p in y]
        )
        return float(first), float(second)
    gaps = []
    for own, mine, theirs in zip(game.own, (x, y), (y, x), strict=True):
        centred = own - float(own.flat[int(np.argmax(np.outer(mine, theirs)))])
        u = centred @ theirs
        gaps.append(max(float(u.max() - mine @ u / mine.sum()), 0.0))
    return gaps[0], gaps[1]


def stakes_of(game: Bimatrix, profile: Profile) -> tuple[float, float]:
    """Return what is at stake for each player, see `nashforge.solvers.equilibria.several.stake`."""
    first, second = game.own
    return stake(first, *profile), stake(second, *profile[::-1])


def security(game: GameLike, payoffs_2: object = None, *, player: int = 0) -> tuple[Array, float]:
    """Return a strategy of a player with the best guaranteed payoff, and that payoff (the security value).

    Parameters
    ----------
    game, payoffs_2
        As for `nash`; a single matrix holds the row player's payoffs, its actions as rows.
    player
        0 for the row player, 1 for the column player.

    Returns
    -------
    tuple
        A mixed strategy (of extensive games a behaviour policy), and its guarantee in units of utility.

    Raises
    ------
    RiskError
        If the payoffs are not a matrix of finite numbers, or no strategy was found.
    """
    if player not in (0, 1):
        raise RiskError(f"player must be 0 (the row player) or 1 (the column player); got {player!r}")
    given = any_game(game, payoffs_2)
    if isinstance(given, SequenceForm):
        from nashforge.solvers.equilibria.extensive.guarantees import sequence_security

        return sequence_security(given, player)
    if payoffs_2 is None and given.name == ZERO_SUM and player == 1:
        raise RiskError("one matrix holds the row player's payoffs; give both to ask for the column player")
    own, exact = given.own[player], given.exact[player]
    if player == 1:
        exact = [list(column) for column in zip(*exact, strict=True)]
    against = Bimatrix(given.name, (own, -own), (exact, [[-entry for entry in row] for row in exact]))
    (x, y), solved, _ = _one(against)
    gaps, stakes = regrets(against, (x, y)), stakes_of(against, (x, y))
    if max(gaps) > TOLERANCE * max(stakes):
        raise RiskError(f"the linear program of the security strategy ended {max(gaps):.2g} from its optimum")
    if solved is None:
        return x, float((x @ own).min())
    outcomes = (zip(column, solved[0], strict=True) for column in zip(*exact, strict=True))
    return x, float(min(sum(payoff * p for payoff, p in outcome) for outcome in outcomes))


def _one(game: Bimatrix) -> tuple[Profile, tuple[Exact, Exact] | None, str]:
    """Return one equilibrium, exactly where that succeeds, and how it was found."""
    first, second = game.payoffs
    n, m = game.shape
    total = first + second
    constant = float(np.ptp(total)) <= 1e-12 * max(float(np.ptp(first)), 1e-300)
    guess: Profile | None = None
    if constant and n + m > EXACT_ACTIONS:
        guess = _program(first), _program(second.T)
        gaps, stakes = regrets(game, guess), stakes_of(game, guess)
        if all(gap <= TOLERANCE * stake for gap, stake in zip(gaps, stakes, strict=True)):
            return guess, None, "linear program"
    scaled_1, scaled_2 = unit(first), unit(second)
    exact: tuple[Exact, Exact] | None
    for label in range(n + m):
        basis = lemke_howson(scaled_1, scaled_2, label, MOST_PIVOTS)
        exact = None if basis is None else _solved(game, basis)
        if exact is not None:
            return (floats(exact[0]), floats(exact[1])), exact, "complementary pivoting"
        if label >= 1 and n + m <= EXACT_ACTIONS:
            break
    if n + m <= EXACT_ACTIONS:
        whole_1, whole_2 = (np.array(whole(matrix), dtype=object) for matrix in game.exact)
        basis = lemke_howson(whole_1, whole_2, 0, MOST_PIVOTS, exact=True)
        exact = None if basis is None else _solved(game, basis)
        if exact is not None:
            return (floats(exact[0]), floats(exact[1])), exact, "complementary pivoting"
    if guess is not None:
        return guess, None, "linear program"
    raise RiskError(
        f"no Nash equilibrium of this game of {n} by {m} actions was found: every path of complementary "
        "pivoting was lost to rounding; bring its payoffs closer together"
    )


def _solved(game: Bimatrix, basis: Basis) -> tuple[Exact, Exact] | None:
    """Return the exact strategies of a basis if they are an equilibrium."""
    first, second = game.exact
    (rows, columns), (best_rows, best_columns) = basis.played, basis.tight
    x = _indifferent(whole([[second[i][j] for i in rows] for j in best_columns]), rows, len(first))
    y = _indifferent(whole([[first[i][j] for j in columns] for i in best_rows]), columns, len(first[0]))
    if x is None or y is None or any(exact_regrets(first, second, x, y)):
        return None
    return x, y


def _indifferent(payoffs: Integers, played: tuple[int, ...], actions: int) -> Exact | None:
    """Return the strategy on ``played`` that makes all rows worth the same, if it is one."""
    found = solve(payoffs, [1] * len(payoffs))
    if found is None:  # at one constant added to all payoffs the system can be singular, at another it is not
        found = solve([[entry + 1 for entry in row] for row in payoffs], [1] * len(payoffs))
    if found is None or min(found) < 0 or sum(found) == 0:
        return None
    total, strategy = sum(found), [Fraction(0)] * actions
    for action, weight in zip(played, found, strict=True):
        strategy[action] = weight / total
    return tuple(strategy)


def _program(own: Array) -> Array:
    """Return a security strategy by a linear program, own actions as rows."""
    from scipy.optimize import linprog

    n, m = own.shape
    scaled = unit(own)
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.hstack([-scaled.T, np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0.0, None)] * n + [(None, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise RiskError(f"the linear program of the security strategy failed: {found.message}")
    x = np.maximum(np.asarray(found.x)[:n], 0.0)
    return np.asarray(x / x.sum())
