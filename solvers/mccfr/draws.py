"""Random moves from a stream of numbers that a seed fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

BLOCK = 4096
"""Numbers that are drawn at once: one by one they take longer than the moves that they decide."""


class Draws(Protocol):
    """A source of random moves."""

    def index(self, probabilities: Sequence[float]) -> int:
        """Return an index, drawn by its probability; the probabilities sum to one."""


class Stream:
    """Moves by the numbers of a generator.

    Parameters
    ----------
    rng
        The generator, which nobody else may use.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left: list[float] = []

    def index(self, probabilities: Sequence[float]) -> int:
        """Return an index, drawn by its probability; the probabilities sum to one."""
        if not self._left:
            self._left = self._rng.random(BLOCK).tolist()
        return inverse(self._left.pop(), probabilities)


class Tape:
    """Moves by numbers that are kept, so that two plays of one episode meet the same luck.

    Chance and every player have numbers of their own: where one play has more decisions of a player, the
    others' luck stays the same.

    Parameters
    ----------
    rng
        The generator.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._numbers: dict[int, list[float]] = {}
        self._used: dict[int, int] = {}

    def rewind(self) -> None:
        """Begin at the first numbers again."""
        self._used.clear()

    def index(self, mover: int, probabilities: Sequence[float]) -> int:
        """Return an index for the next move of a player or of chance, drawn by its probability."""
        numbers, used = self._numbers.setdefault(mover, []), self._used.get(mover, 0)
        if used == len(numbers):
            numbers.append(self._rng.random())
        self._used[mover] = used + 1
        return inverse(numbers[used], probabilities)


def inverse(number: float, probabilities: Sequence[float]) -> int:
    """Return the index at which the sum of the probabilities so far exceeds a number between 0 and 1."""
    last = 0
    for index, probability in enumerate(probabilities):
        if probability > 0.0:
            number -= probability
            if number < 0.0:
                return index
            last = index
    return last  # where rounding keeps the sum below one
