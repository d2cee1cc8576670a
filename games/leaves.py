"""The canonical form of a payoff table over tuples of sequences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from games.sequence_form import FloatArray, IndexArray


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
