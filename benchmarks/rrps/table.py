"""The table of returns of OpenSpiel's 43 bots against each other, recomputed."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    returns : ndarray of float64
        Of every match, shape ``(matches, bots, bots)``; NaN where a pair is not played.
    """

    bots: tuple[str, ...]
    returns: Array

    @property
    def matches(self) -> int:
        """Of each pair."""
        return len(self.returns)

    @cached_property
    def means(self) -> Array:
        """Mean returns, shape ``(bots, bots)``."""
        found: Array = self.returns.mean(axis=0)
        return found

    @cached_property
    def errors(self) -> Array:
        """Standard errors of the means, shape ``(bots, bots)``; NaN of a single match."""
        if self.matches < 2:
            return np.full_like(self.returns[0], np.nan)
        found: Array = self.returns.std(axis=0, ddof=1) / np.sqrt(self.matches)
        return found


def play(row: str, column: str, k: int, throws: int) -> float:
    """Return what the row's bot wins in the pair's match number ``k``."""
    digest = blake2b(f"{row} {column} {k}".encode(), digest_size=4).digest()
    # Both bots of a match draw from the stream of the C library.
    _C_LIBRARY.srandom(ctypes.c_uint(int.from_bytes(digest, "big")))
    players = [pyspiel.make_roshambo_bot(seat, name, throws) for seat, name in enumerate((row, column))]
    state = pyspiel.load_game(game_string(throws)).new_initial_state()
    while not state.is_terminal():
        state.apply_actions([player.step(state) for player in players])
    return float(state.returns()[0])


def tables(bots: Sequence[str], rows: Sequence[str], matches: int, throws: int) -> Iterator[Table]:
    """Play every row against all bots, and yield the table after each further match of all the pairs.

    The game is zero-sum and symmetric: what a pair's mirror gave is not played again, and nobody against
    itself, which is worth 0.
    """
    count = len(bots)
    chosen = [bots.index(name) for name in rows]
    pairs = [(i, j) for i in chosen for j in range(count) if j > i or (j < i and j not in chosen)]
    found = np.full((matches, count, count), np.nan)
    for i in chosen:
        found[:, i, i] = 0.0
    for k in range(matches):
        for i, j in pairs:
            found[k, i, j] = play(bots[i], bots[j], k, throws)
            found[k, j, i] = -found[k, i, j]
        yield Table(tuple(bots), found[: k + 1])
