"""Nash equilibria of one-shot games of any number of players, support by support.

Every tuple of supports is either shown to hold no equilibrium, or its equilibria are isolated
(`nashforge.solvers.equilibria.normal_form.isolation`). Supports in the order of Porter, Nudelman & Shoham,
Simple Search Methods for Finding a Nash Equilibrium (2008): small ones of similar size come first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.solvers.equilibria.exact.rational import floats
from nashforge.solvers.equilibria.normal_form.isolation import ABSENT, Support, isolate
from nashforge.solvers.equilibria.normal_form.strategies import shown
from nashforge.solvers.equilibria.several import TOLERANCE, stake

Array = npt.NDArray[np.float64]
Exact = tuple[Fraction, ...]

MOST_SUPPORTS = 1_000
"""Of the largest game that is enumerated; three players of 3 actions have 343 tuples, six of 2 have 729."""
MOST_CELLS, MOST_OF_ALL = 10_000, 100_000
"""So many cells are looked at on one tuple of supports before it is left open, and on all of them."""
SAME = 1e-7
"""Roots on the same supports which are nearer than this are one, found in two cells."""
NEAR = 1e-10
"""So near are a root and its fractions, and cannot be told apart roots on different supports."""
TIED = 1e-9
"""An action that is not played and worth less by no more than this share of the range is a best response."""
SMALL_DENOMINATOR = 10_000


@dataclass(frozen=True)
class Listed:
    """The equilibria of a one-shot game.

    Attributes
    ----------
    profiles : list of tuples of ndarrays
    exact : list
        The profiles in fractions, where these were found and nobody gains anything; else None.
    regrets, stakes : list of tuples of floats
        As in `nashforge.solvers.equilibria.bimatrix.NashEquilibria`.
    complete : bool
        Whether all tuples of supports were decided: there is no other equilibrium.
    degenerate : bool
        Whether somebody has another best response in one of the equilibria, or a tuple of supports could not
        be decided: there may be infinitely many.
    """

    profiles: list[tuple[Array, ...]]
    exact: list[tuple[Exact, ...] | None]
    regrets: list[tuple[float, ...]]
    stakes: list[tuple[float, ...]]
    complete: bool
    degenerate: bool


def supports_of(sizes: Sequence[int]) -> int:
    """Return the number of tuples of supports in a game with so many actions for each player."""
    return math.prod(2**size - 1 for size in sizes)


def enumerate_equilibria(name: str, payoffs: Sequence[Array], tolerance: float = TOLERANCE) -> Listed:
    """Enumerate the Nash equilibria of a one-shot game.

    Parameters
    ----------
    name
        How errors call the game.
    payoffs
        One tensor a player, shape (actions of player 0, of player 1, ...).
    tolerance
        Largest gain of a player, as a share of what is at stake for it, in what is listed.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the game has too many tuples of supports.
    """
    sizes = payoffs[0].shape
    count = supports_of(sizes)
    if count > MOST_SUPPORTS:
        raise UnsupportedGameError(
            f"{name} is too large for all its equilibria: with {', '.join(map(str, sizes))} actions there "
            f"are {shown(count)} ways to choose which are played, and at most {MOST_SUPPORTS:,} are tried; "
            "`nashforge equilibrium GAME --concept cce` and `nashforge solve GAME --joint` go further"
        )
    units = [losses(each, i) for i, each in enumerate(payoffs)]
    values = [[Fraction(float(entry)) for entry in each.ravel()] for each in payoffs]
    found = Listed([], [], [], [], True, False)
    complete, degenerate, left = True, False, MOST_OF_ALL
    for supports in _supports(sizes):
        isolated = isolate(units, supports, min(MOST_CELLS, left))
        left -= isolated.cells
        if isolated.open:
            complete, degenerate = False, True
        for root in isolated.roots:
            profile = tuple(_whole(p, own, size) for p, own, size in zip(root, supports, sizes, strict=True))
            decided, tied = _keep(found, payoffs, units, values, profile, tolerance)
            complete, degenerate = complete and decided, degenerate or tied or not decided
    return Listed(found.profiles, found.exact, found.regrets, found.stakes, complete, degenerate)


def losses(payoffs: Array, player: int) -> Array:
    """Return what a player's actions lose against its best one, negated, in units of the largest loss.

    Best responses are those of the payoffs. What the others' actions add to all of the player's own, which
    may be large, is gone, and takes no digits of what those change.
    """
    best = payoffs.max(axis=player, keepdims=True)
    lost = payoffs / 2 - best / 2  # halved first: the range of large floats is none
    return np.asarray(lost / (float(-lost.min()) or 1.0))


def _supports(sizes: Sequence[int]) -> Iterator[tuple[Support, ...]]:
    """Yield all tuples of supports, those of fewest actions first, and of similar sizes among them."""
    counts = sorted(
        itertools.product(*(range(1, size + 1) for size in sizes)),
        key=lambda each: (sum(each), max(each) - min(each)),
    )
    for each in counts:
        choices = (itertools.combinations(range(m), k) for m, k in zip(sizes, each, strict=True))
        yield from itertools.product(*choices)


def _whole(strategy: Array, support: Support, size: int) -> Array:
    whole = np.zeros(size)
    whole[list(support)] = np.where(strategy > ABSENT, strategy, 0.0)
    return np.asarray(whole / whole.sum())


def _keep(
    found: Listed,
    payoffs: Sequence[Array],
    units: Sequence[Array],
    values: Sequence[list[Fraction]],
    profile: tuple[Array, ...],
    tolerance: float,
) -> tuple[bool, bool]:
    """List a profile that is a new equilibrium.

    Returns
    -------
    tuple
        Whether it is certain that it is one, or none, or known; and whether somebody has another best
        response in it.
    """
    worth = [_worth(each, i, profile) for i, each in enumerate(units)]
    if any(w.max() - w[p > 0].min() > TIED for w, p in zip(worth, profile, strict=True)):
        return True, False
    for known in found.profiles:
        apart = max(float(np.abs(a - b).max()) for a, b in zip(known, profile, strict=True))
        alike = all(np.array_equal(a > 0, b > 0) for a, b in zip(known, profile, strict=True))
        if apart <= (SAME if alike else NEAR):
            return alike, False
    exact = tuple(
        tuple(Fraction(float(p)).limit_denominator(SMALL_DENOMINATOR) for p in each) for each in profile
    )
    near = all(
        (p > 0) == (q > 0) and abs(p - q) <= NEAR
        for each, fractions in zip(profile, exact, strict=True)
        for p, q in zip(each, fractions, strict=True)
    )
    proven = near and all(sum(each) == 1 for each in exact) and not any(exact_gains(values, exact))
    if proven:
        profile = tuple(floats(each) for each in exact)
    given = exact if proven else tuple(tuple(Fraction(float(p)) for p in each) for each in profile)
    gains = exact_gains(values, tuple(tuple(Fraction(float(p)) for p in each) for each in profile))
    at_stake = tuple(
        stake(np.moveaxis(each, i, 0).reshape(each.shape[i], -1), profile[i], _joint(profile, i))
        for i, each in enumerate(payoffs)
    )
    if any(float(gain) > tolerance * stake for gain, stake in zip(gains, at_stake, strict=True)):
        return False, False
    found.profiles.append(profile)
    found.exact.append(exact if proven else None)
    found.regrets.append(tuple(map(float, gains)))
    found.stakes.append(at_stake)
    return True, any(
        not p and max(worth) - w <= (0 if proven else TIED * at_stake[i])
        for i, worth in enumerate(exact_worth(values, given))
        for p, w in zip(given[i], worth, strict=True)
    )


def _joint(profile: Sequence[Array], player: int) -> Array:
    """Return how likely the others' actions are, the last player's changing fastest."""
    others = [each for i, each in enumerate(profile) if i != player]
    return reduce(lambda a, b: np.outer(a, b).ravel(), others, np.ones(1))


def _worth(payoffs: Array, player: int, profile: Sequence[Array]) -> Array:
    own = np.moveaxis(payoffs, player, 0)
    return np.asarray(own.reshape(len(own), -1) @ _joint(profile, player))


def exact_gains(values: Sequence[list[Fraction]], profile: Sequence[Exact]) -> tuple[Fraction, ...]:
    """Return what each player's best response gains; strategies are divided by their sums.

    Parameters
    ----------
    values
        Each player's payoffs in the order of the profiles of actions, the last player's changing fastest.
    profile
        One strategy a player.
    """
    return tuple(
        max(worth) - sum((p * w for p, w in zip(own, worth, strict=True)), Fraction(0)) / sum(own)
        for own, worth in zip(profile, exact_worth(values, profile), strict=True)
    )


def exact_worth(values: Sequence[list[Fraction]], profile: Sequence[Exact]) -> list[list[Fraction]]:
    """Return what each player's actions are worth, see `exact_gains`."""
    scaled = [[p / sum(each) for p in each] for each in profile]
    found = [[Fraction(0)] * len(each) for each in scaled]
    for i, own in enumerate(values):
        for payoff, actions in zip(own, itertools.product(*(range(len(s)) for s in scaled)), strict=True):
            chance = math.prod(scaled[k][a] for k, a in enumerate(actions) if k != i)
            if chance:
                found[i][actions[i]] += payoff * chance
    return found
