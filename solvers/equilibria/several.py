"""Nash equilibria of a game in floats, from all paths of complementary pivoting, and one that is chosen.

For games that are solved again and again, such as the restricted games of PSRO: fast, checked by gaps that
are relative to what is at stake, and a choice that depends neither on the unit of payoffs nor on the order of
actions. It imports nothing but numpy and fractions: meta-solvers use it in the sandbox.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.solvers.equilibria.complementary import Basis, lemke_howson
from nashforge.solvers.equilibria.exact.rational import rational, whole

Array = npt.NDArray[np.float64]
Profile = tuple[Array, Array]

TOLERANCE = 1e-9
"""The largest gap, relative to what is at stake for the player, of what is called an equilibrium."""
SAME = 1e-9
MOST_PIVOTS = 5_000
EXACT_ACTIONS = 60
"""Games of at most so many actions are pivoted in whole numbers where floats fail."""


def unit(payoffs: Array) -> Array:
    """Return payoffs shifted and scaled to lie between 1 and 2."""
    low, high = float(payoffs.min()), float(payoffs.max())
    # Halved first: the range of large floats is none.
    scaled = (payoffs / 2 - low / 2) / (high / 2 - low / 2) if high > low else np.zeros_like(payoffs)
    return np.asarray(1.0 + scaled)


def stake(own: Array, x: Array, y: Array) -> float:
    """Return what is at stake for a player in a profile, in units of utility.

    The expected distance of its outcomes from its value, under the action where that is largest. It knows
    neither what is added to all payoffs, nor payoffs that the partner's play makes impossible.

    Parameters
    ----------
    own
        The player's payoffs, its own actions as rows.
    x, y
        Its strategy, and what its partner plays.
    """
    centred = own - own[int(np.argmax(x)), int(np.argmax(y))]
    return float((np.abs(centred - x @ centred @ y) @ y).max())


def is_equilibrium(first: Array, second: Array, x: Array, y: Array, tolerance: float = TOLERANCE) -> bool:
    """Whether no player gains more than a share of what is at stake for it; player 1's actions as rows."""
    for own, mine, theirs in ((first, x, y), (second.T, y, x)):
        centred = own - own[int(np.argmax(mine)), int(np.argmax(theirs))]
        u = centred @ theirs
        if not float(u.max() - mine @ u) <= tolerance * stake(own, mine, theirs):
            return False
    return True


def equilibria(first: Array, second: Array) -> list[Profile]:
    """Return the distinct equilibria at the ends of the paths from all labels, in the order of the labels.

    Parameters
    ----------
    first, second
        Payoffs, player 1's actions as rows.
    """
    scaled_1, scaled_2 = unit(first), unit(second)
    found: list[Profile] = []
    for label in range(sum(first.shape)):
        basis = lemke_howson(scaled_1, scaled_2, label, MOST_PIVOTS)
        _keep(found, first, second, basis)
    if not found and sum(first.shape) <= EXACT_ACTIONS:
        whole_1, whole_2 = (
            np.array(whole([[rational(entry) for entry in row] for row in payoffs]), dtype=object)
            for payoffs in (first, second)
        )
        _keep(found, first, second, lemke_howson(whole_1, whole_2, 0, MOST_PIVOTS, exact=True))
    return found


def _keep(found: list[Profile], first: Array, second: Array, basis: Basis | None) -> None:
    if basis is None:
        return
    # Whole numbers may exceed any float: their ratios do not.
    x, y = (
        np.array([float(weight / total) for weight in weights])
        for weights, total in ((weights, sum(weights)) for weights in basis.weights)
    )
    x, y = (np.maximum(strategy, 0.0) / np.maximum(strategy, 0.0).sum() for strategy in (x, y))
    known = any(max(np.abs(x - a).max(), np.abs(y - b).max()) <= SAME for a, b in found)
    if not known and is_equilibrium(first, second, x, y):
        found.append((x, y))


def fairest(first: Array, second: Array) -> Profile | None:
    """Return the equilibrium of those that were found with the largest sum of values, each from 0 to 1.

    A player's value is rescaled by its least and its largest payoff, so that the choice depends on no unit.
    Among equals the first is taken. Nothing if none was found.
    """
    found = equilibria(first, second)
    if not found:
        return None
    scaled = unit(first) + unit(second)
    values = [float(x @ scaled @ y) for x, y in found]
    best = max(values)
    return next(pair for pair, value in zip(found, values, strict=True) if value >= best - SAME)
