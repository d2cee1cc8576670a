"""The canonical form of a payoff table over tuples of sequences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import FloatArray, IndexArray, SequenceForm

SUM_TOLERANCE = 1e-9
"""By how much the sum of payoffs may vary, as a share of what is at stake, and still be called constant."""


def merge_leaves(
    sequences: IndexArray, payoffs: FloatArray, chance: FloatArray
) -> tuple[IndexArray, FloatArray, FloatArray]:
    """Sum the leaves that share their tuple of sequences and sort them lexicographically, player 0 first.

    Parameters
    ----------
    sequences : ndarray of int32, shape (players, histories)
    payoffs : ndarray of float64, shape (players, histories)
        Utility times chance probability.
    chance : ndarray of float64, shape (histories,)

    Returns
    -------
    tuple of ndarray
        The same three arrays over distinct tuples, of shapes (players, leaves), (players, leaves), (leaves,).
    """
    order: npt.NDArray[np.intp] = np.lexsort(sequences[::-1])  # the last key of lexsort is the primary one
    ordered = sequences[:, order]
    distinct = np.ones(len(order), dtype=np.bool_)
    distinct[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    first = np.flatnonzero(distinct)
    return (
        np.ascontiguousarray(ordered[:, first]),
        np.ascontiguousarray(np.add.reduceat(payoffs[:, order], first, axis=1)),
        np.add.reduceat(chance[order], first),
    )


def strategic_payoffs(form: SequenceForm) -> FloatArray:
    """Return the payoffs of a game in which every player has one information set, in strategic form.

    Leaves that a player's move does not lead to are spread over all its actions.

    Returns
    -------
    ndarray of shape (players, *actions of each)
    """
    sizes = [treeplex.sequences for treeplex in form.treeplexes]
    payoffs = np.zeros((form.players, *sizes))
    moved = (form.leaf_sequences < np.array(sizes)[:, None]).all(axis=0)
    payoffs[(slice(None), *form.leaf_sequences[:, moved])] = form.leaf_payoffs[:, moved]
    spread = zip(form.leaf_sequences[:, ~moved].T, form.leaf_payoffs[:, ~moved].T, strict=True)
    for leaf, values in spread:
        where = (slice(None) if k == size else int(k) for k, size in zip(leaf, sizes, strict=True))
        cells = payoffs[(slice(None), *where)]
        cells += values.reshape(-1, *(1,) * (cells.ndim - 1))
    return payoffs


def sums_to(payoffs: FloatArray) -> float | None:
    """Return what the players' payoffs sum to if that is the same at every end of the game, else None.

    Sums may differ by what rounding does to payoffs of their size, and by a billionth of what is at stake:
    the largest range of a player's payoffs. So payoffs of 1e-10 are judged as those of 1 are.

    Parameters
    ----------
    payoffs : ndarray of float64, shape (players, ends)
        Utilities without chance probabilities.

    Returns
    -------
    float or None
        Exactly zero where the sum differs from zero by no more than that.
    """
    if payoffs.size == 0:
        return 0.0
    sums = payoffs.sum(axis=0)
    rounding = 2.0 * len(payoffs) * float(np.finfo(np.float64).eps * np.abs(payoffs).max())
    slack = SUM_TOLERANCE * float(np.ptp(payoffs, axis=1).max()) + rounding
    if float(np.ptp(sums)) > 2.0 * slack:
        return None
    middle = float(sums.min() / 2.0 + sums.max() / 2.0)
    return 0.0 if float(np.abs(sums).max()) <= slack else middle
