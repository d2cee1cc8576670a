"""Statistics over games: wins, ties and losses, orders of magnitude, performance profiles. Pure functions.

Values are gaps, lower is better, already floored; infinity stands for a failure, which loses to everything
but another failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

TIE = 1.2
"""Two values within this factor of each other are a tie: reordering actions can change them by more."""
_ROUNDING = 1e-12
"""Relative; a factor that is reached but for rounding counts as reached."""


class Record(NamedTuple):
    """Numbers of games won, tied and lost."""

    wins: int
    ties: int
    losses: int

    def __add__(self, other: object) -> Record:  # sums, where tuples are joined
        if not isinstance(other, Record):
            return NotImplemented
        return Record(self.wins + other.wins, self.ties + other.ties, self.losses + other.losses)


def record(mine: Values, others: Values, tie: float = TIE) -> Record:
    """Return how often a program is better than another, as good, and worse.

    Parameters
    ----------
    mine, others
        Values of the two in the same games, shape ``(games,)``.
    tie
        Factor up to which values are a tie, at least 1.
    """
    if tie < 1:
        raise ValueError(f"a tie is a factor of at least 1; got {tie}")
    more = tie * (1 + _ROUNDING)
    with np.errstate(invalid="ignore"):  # infinity times a factor is still no more than infinity
        wins = int(np.sum(mine * more < others))
        losses = int(np.sum(others * more < mine))
    return Record(wins, len(mine) - wins - losses, losses)


def log_ratios(values: Values, reference: Values) -> Values:
    """Return by how many orders of magnitude values are below those of a reference; NaN where one failed."""
    known = np.isfinite(values) & np.isfinite(reference)
    found = np.full(values.shape, np.nan)
    found[known] = np.log10(reference[known] / values[known])
    return found


def ratios_to_best(values: Values) -> Values:
    """Return by which factor each program is above the best in each game; infinity for failures.

    Parameters
    ----------
    values
        Shape ``(programs, games)``.
    """
    best = values.min(axis=0, initial=np.inf)
    with np.errstate(invalid="ignore"):
        ratios = values / best
    return np.where(np.isfinite(values), ratios, np.inf)


def profile(values: Values, factors: Sequence[float]) -> Values:
    """Return performance profiles: the share of games in which a program is within a factor of the best.

    Source: Dolan and Moré (2002), "Benchmarking optimization software with performance profiles".

    Parameters
    ----------
    values
        Shape ``(programs, games)``, at least one game.
    factors
        At least 1 each.

    Returns
    -------
    ndarray of float64, shape (programs, factors)
    """
    if values.shape[1] == 0:
        raise ValueError("a profile needs at least one game")
    ratios = ratios_to_best(values)
    within = ratios[:, :, None] <= np.asarray(factors, dtype=float) * (1 + _ROUNDING)
    shares: Values = within.mean(axis=1)
    return shares


def largest_difference(values: Values, plain: Values) -> float | None:
    """Return by how much values differ from others at most, relative to these; None where none is known."""
    known = np.isfinite(values) & np.isfinite(plain)
    if not known.any():
        return None
    return float(np.max(np.abs(values[known] - plain[known]) / plain[known]))
