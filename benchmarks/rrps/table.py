"""The table of returns of OpenSpiel's 43 bots against each other, recomputed."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyspiel

from nashforge.games.roshambo.bots import game_string

Array = npt.NDArray[np.float64]

_C_LIBRARY = ctypes.CDLL(None)


@dataclass(frozen=True)
class Table:
    """Returns of the row's bot against the column's.

    Attributes
    ----------
    bots : tuple of str
        Of rows and columns.
    means, errors : ndarray of float64
        Means over matches and their standard errors, shape ``(bots, bots)``.
    """

    bots: tuple[str, ...]
    means: Array
    errors: Array


def returns(row: str, column: str, matches: int, throws: int) -> Array:
    """Return what the row's bot wins in each of some matches, shape ``(matches,)``."""
    game, found = pyspiel.load_game(game_string(throws)), np.zeros(matches)
    for k in range(matches):
        digest = blake2b(f"{row} {column} {k}".encode(), digest_size=4).digest()
        # Both bots of a match draw from the stream of the C library.
        _C_LIBRARY.srandom(ctypes.c_uint(int.from_bytes(digest, "big")))
        players = [pyspiel.make_roshambo_bot(seat, name, throws) for seat, name in enumerate((row, column))]
        state = game.new_initial_state()
        while not state.is_terminal():
            state.apply_actions([player.step(state) for player in players])
        found[k] = state.returns()[0]
    return found


def table(bots: Sequence[str], rows: Sequence[str], matches: int, throws: int) -> Iterator[tuple[str, Table]]:
    """Play every row against all bots; yield the row and the table so far after each of them.

    The game is zero-sum: what a pair's mirror gave is not played again.
    """
    count = len(bots)
    means, errors = np.full((count, count), np.nan), np.full((count, count), np.nan)
    for name in rows:
        i = bots.index(name)
        for j, other in enumerate(bots):
            if np.isfinite(means[i, j]):
                continue
            played = returns(name, other, matches, throws)
            means[i, j], means[j, i] = played.mean(), -played.mean()
            if i == j:
                means[i, j] = 0.0  # by symmetry
            errors[i, j] = errors[j, i] = played.std(ddof=1) / np.sqrt(matches) if matches > 1 else np.nan
        yield name, Table(tuple(bots), means, errors)
