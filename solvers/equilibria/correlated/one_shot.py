"""Correlated and coarse correlated equilibria of one-shot games, the best of them by a linear program.

A joint distribution x over action profiles is a correlated equilibrium (CE) if nobody gains by playing b
when told a, and a coarse one (CCE) if nobody gains by playing b whatever is told:

    sum over profiles with a_i = a of x (u_i(b, others) - u_i) <= 0    for all i, a, b
    sum over all profiles of x (u_i(b, others) - u_i) <= 0             for all i, b

Sources: Aumann, Journal of Mathematical Economics 1 (1974); Moulin & Vial, International Journal of Game
Theory 7 (1978). Maximum entropy as in Ortiz, Schapire & Kakade, AISTATS 2007; maximum Gini impurity, a
meta-solver of JPSRO, as in Marris et al., ICML 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_matrix, vstack
from scipy.special import logsumexp

from nashforge.errors import USAGE, NashforgeError
from nashforge.games.leaves import strategic_payoffs
from nashforge.games.matrix.reading import Bimatrix
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.inputs import GameLike, any_game
from nashforge.solvers.programs.simplex import project

Array = npt.NDArray[np.float64]
Kind = Literal["ce", "cce"]
Objective = Literal["welfare", "fairness", "entropy", "gini"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

MOST_PROFILES = 200_000
"""Action profiles of the largest game whose linear program is tried."""
MOST_TERMS = 10_000_000
"""Terms of the largest linear program that is tried: deviations times the profiles that they change; 2 GB."""
MOST_STEPS, MOST_WORK = 20_000, 4_000_000_000
"""Of maximising entropy or impurity: steps, and terms that are summed in them, about a minute of a core."""
TOLERANCE = 1e-6
"""What players may gain by deviations from what is called an equilibrium, as a share of their swings."""


class CorrelatedError(NashforgeError, ValueError):
    """A game has no such correlated equilibrium that can be computed here."""

    exit_code = USAGE


@dataclass(frozen=True, eq=False)
class CorrelatedEquilibrium:
    """A distribution over the action profiles of a one-shot game.

    Attributes
    ----------
    joint : ndarray of float64, shape (actions of player 0, of player 1, ...)
    values : ndarray of float64, shape (players,)
        Expected utilities.
    gains : ndarray of float64, shape (players,)
        What each player gains by the best deviation: its distance from equilibrium, recomputed.
    converged : bool
        Whether nobody gains more than rounding and the solver's tolerance allow, see `TOLERANCE`.
    """

    joint: Array
    values: Array
    gains: Array
    converged: bool


def payoff_tensors(game: GameLike) -> list[Array]:
    """Return each player's payoffs in a one-shot game, shape (actions of player 0, of player 1, ...).

    Where players move in turn without being told, or not all of them everywhere, it is the strategic form.

    Raises
    ------
    CorrelatedError
        If a player has more than one information set, or there are too many action profiles.
    """
    found = any_game(game)
    if isinstance(found, Bimatrix):
        return [np.asarray(payoffs, dtype=np.float64) for payoffs in found.payoffs]
    return _tensors(found)


def _tensors(form: SequenceForm) -> list[Array]:
    if any(treeplex.infosets != 1 for treeplex in form.treeplexes):
        sizes = ", ".join(str(treeplex.infosets) for treeplex in form.treeplexes)
        raise CorrelatedError(
            f"the best correlated equilibria are found for one-shot games; in {form.name} players have "
            f"{sizes} information sets; how far play is from one tells `nashforge solve GAME --joint`"
        )
    _check_size([treeplex.sequences for treeplex in form.treeplexes], "ce")  # of which there are fewer terms
    return list(strategic_payoffs(form))


def deviation_gains(tensors: Sequence[Array], joint: Array, kind: Kind) -> Array:
    """Return what each player gains by the best deviation from a joint distribution, shape ``(players,)``."""
    gains = []
    for i, payoffs in enumerate(tensors):
        own, shares = _own_first(payoffs, i), _own_first(joint, i)
        own = own - own.max(axis=0)  # what others give to all of its actions takes no digits
        instead = shares @ own.T  # told a (rows), plays b (columns)
        follow = np.diagonal(instead)
        if kind == "ce":
            gains.append(float((instead - follow[:, None]).max(axis=1).clip(min=0).sum()))
        else:
            gains.append(max(float(instead.sum(axis=0).max() - follow.sum()), 0.0))
    return np.array(gains)


def correlated_equilibrium(
    game: GameLike, kind: Kind = "ce", objective: Objective = "welfare"
) -> CorrelatedEquilibrium:
    """Return the correlated equilibrium of a one-shot game that is best by an objective.

    Parameters
    ----------
    game
        As in `nashforge.solvers.equilibria.nash`, also for more than two players; or a list of tensors of
        payoffs, one a player.
    kind
        ``ce``, or ``cce`` for the coarse ones, of which there are more.
    objective
        ``welfare``: the largest sum of utilities. ``fairness``: the largest utility of whoever has least.
        ``entropy``, ``gini``: the largest entropy, or Gini impurity 1 - sum x^2, of the distribution, each of
        which is unique; the second gives weight zero to profiles far from any reason to play them.

    Raises
    ------
    CorrelatedError
        If players move more than once, the game is too large, or there is no such kind or objective.
    """
    for name, value, known in (
        ("kind", kind, get_args(Kind)),
        ("objective", objective, OBJECTIVES),
    ):
        if value not in known:
            raise CorrelatedError(f"there is no {name} {value!r}; {choice(str(value), list(known))}")
    given = isinstance(game, list) and len(game) > 0 and all(isinstance(each, np.ndarray) for each in game)
    try:
        tensors = [np.asarray(each, dtype=np.float64) for each in game] if given else payoff_tensors(game)
    except (TypeError, ValueError) as error:
        if not given:
            raise
        raise CorrelatedError(f"payoffs must be numbers ({error})") from error
    _check(tensors, kind)
    solve: Callable[[Sequence[Array], csr_matrix], Array]
    solve = {"welfare": _welfare, "fairness": _fairness, "entropy": _entropy, "gini": _gini}[objective]
    flat = np.maximum(solve(tensors, _constraints(tensors, kind)), 0.0)
    joint = (flat / flat.sum()).reshape(tensors[0].shape)
    values = np.array([float((joint * tensor).sum()) for tensor in tensors])
    gains = deviation_gains(tensors, joint, kind)
    return CorrelatedEquilibrium(joint, values, gains, bool((gains <= TOLERANCE * _swings(tensors)).all()))


def _ranges(tensors: Sequence[Array]) -> Array:
    """Return the range of each player's utility: the units in which tolerances of values are meant."""
    return np.array([float(np.ptp(tensor)) or 1.0 for tensor in tensors])


def _swings(tensors: Sequence[Array]) -> Array:
    """Return the most that a player's own action changes: the units in which those of gains are meant."""
    return np.array(
        [float(np.ptp(_own_first(tensor, i), axis=0).max()) or 1.0 for i, tensor in enumerate(tensors)]
    )


def _check_size(sizes: Sequence[int], kind: Kind) -> None:
    profiles = math.prod(sizes)
    terms = profiles * sum(size - (kind == "ce") for size in sizes)
    if profiles > MOST_PROFILES or terms > MOST_TERMS:
        raise CorrelatedError(
            f"the game has {profiles:,} action profiles, and {terms:,} terms in its linear program; at most "
            f"{MOST_PROFILES:,} and {MOST_TERMS:,} are tried"
        )


def _check(tensors: Sequence[Array], kind: Kind) -> None:
    shape = tensors[0].shape
    if len(shape) != len(tensors) or any(tensor.shape != shape for tensor in tensors):
        raise CorrelatedError(
            f"{len(tensors)} players need tensors of payoffs with as many dimensions and of one shape; got "
            f"{', '.join(str(tensor.shape) for tensor in tensors)}"
        )
    if not all(tensor.size and np.isfinite(tensor).all() for tensor in tensors):
        raise CorrelatedError("payoffs must be finite numbers, of at least one action a player")
    _check_size(shape, kind)


def _own_first(tensor: npt.NDArray[Any], player: int) -> npt.NDArray[Any]:
    """Return a tensor as a matrix, a player's own actions as rows."""
    return np.moveaxis(tensor, player, 0).reshape(tensor.shape[player], -1)


def _constraints(tensors: Sequence[Array], kind: Kind) -> csr_matrix:
    """Return the rows whose products with the flat joint distribution must not be above zero.

    Each is in units of its player's swing: whoever plays for little in large payoffs counts, too, also where
    others' actions make them large whatever it does.
    """
    places = np.arange(tensors[0].size).reshape(tensors[0].shape)
    blocks = []
    for i, (payoffs, unit) in enumerate(zip(tensors, _swings(tensors), strict=True)):
        own, where = _own_first(payoffs, i), _own_first(places, i)
        actions = len(own)
        for b in range(actions):
            gain = (own[b] - own) / unit  # by profile: what b gains there
            if kind == "cce":
                blocks.append(_row(gain.ravel(), where.ravel(), places.size))
                continue
            blocks += [_row(gain[a], where[a], places.size) for a in range(actions) if a != b]
    return csr_matrix((0, places.size)) if not blocks else vstack(blocks, format="csr")


def _row(values: Array, columns: npt.NDArray[Any], width: int) -> csr_matrix:
    return csr_matrix((values, (np.zeros(len(columns), dtype=int), columns)), shape=(1, width))


def _welfare(tensors: Sequence[Array], rows: csr_matrix) -> Array:
    # From the least payoffs on, which takes nothing from what is to choose.
    total = np.sum([(tensor - tensor.min()).ravel() for tensor in tensors], axis=0)
    return _linear(-total / (total.max() or 1.0), rows, np.zeros(rows.shape[0]), np.ones((1, total.size)))


def _fairness(tensors: Sequence[Array], rows: csr_matrix) -> Array:
    """Maximise z with z at most every player's utility: one variable more.

    From the least payoff of all on, z is in units of the largest range, and each player's row in its own.
    """
    size, ranges = tensors[0].size, _ranges(tensors)
    lows = np.array([float(tensor.min()) for tensor in tensors])
    gained = [(tensor - low).ravel() / unit for tensor, low, unit in zip(tensors, lows, ranges, strict=True)]
    least = np.hstack([-np.array(gained), (ranges.max() / ranges)[:, None]])
    widened = csr_matrix((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], size + 1))
    goal = np.append(np.zeros(size), -1.0)
    whole = np.append(np.ones(size), 0.0)[None]
    bounds = [(0, None)] * size + [(None, None)]
    above = vstack([widened, csr_matrix(least)], format="csr")
    most = np.append(np.zeros(rows.shape[0]), (lows - lows.min()) / ranges)
    return _linear(goal, above, most, whole, bounds)[:size]


def _linear(
    goal: Array,
    above: Any,  # which may be sparse, unlike what the types of scipy say
    most: Array,
    whole: Array,
    bounds: Sequence[tuple[float | None, float | None]] | tuple[float, None] = (0, None),
) -> Array:
    found = linprog(
        goal,
        A_ub=above if above.shape[0] else None,
        b_ub=most if above.shape[0] else None,
        A_eq=whole,
        b_eq=[1.0],
        bounds=bounds,
        method="highs",
    )
    if not found.success:
        raise CorrelatedError(f"the linear program failed: {found.message}")
    return np.asarray(found.x)


def _entropy(tensors: Sequence[Array], rows: csr_matrix) -> Array:
    """Maximise the entropy: the conjugate of its negative is log sum exp, whose gradient is the softmax."""

    def conjugate(logits: Array) -> tuple[float, Array]:
        value = float(logsumexp(logits))
        return value, np.exp(logits - value)

    return _regularised(conjugate, rows)


def _gini(tensors: Sequence[Array], rows: csr_matrix) -> Array:
    """Minimise sum x^2 / 2, in units of the uniform distribution's: the gradient is a projection."""
    size = tensors[0].size

    def conjugate(logits: Array) -> tuple[float, Array]:
        x = project(logits / size)
        return float(logits @ x - size * (x @ x) / 2), x

    return _regularised(conjugate, rows)


def _regularised(conjugate: Callable[[Array], tuple[float, Array]], rows: csr_matrix) -> Array:
    """Minimise a convex function of distributions x with rows x <= 0, by its conjugate over the simplex.

    The dual is the conjugate of -rows' multipliers, minimised over multipliers that are not negative; its
    gradient is what x gains, negated. Where an optimum is at infinity the way is long: it ends after
    `MOST_WORK`, with what was found.

    Parameters
    ----------
    conjugate
        Of logits y: the largest of <x, y> less the function at x, and the x at which it is.
    rows
        Of the constraints, see `_constraints`.
    """

    def dual(multipliers: Array) -> tuple[float, Array]:
        value, x = conjugate(-(rows.T @ multipliers))
        return value, -(rows @ x)

    count = rows.shape[0]
    if not count:  # nobody has another action
        return conjugate(np.zeros(rows.shape[1]))[1]
    steps = min(MOST_STEPS, MOST_WORK // max(rows.nnz, 1))
    found = minimize(
        dual,
        np.zeros(count),
        jac=True,
        bounds=[(0, None)] * count,
        method="L-BFGS-B",
        options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-16, "gtol": 1e-10, "maxcor": 30},
    )
    return conjugate(-(rows.T @ found.x))[1]
