"""Games as solvers of equilibria take them: two matrices, a game string, a game of OpenSpiel, or a file.

Matrices have the row player's actions as rows of both, as in nashpy, Gambit and OpenSpiel. Their
entries may be numbers, fractions or strings such as ``1/3`` and ``0.1``, and keep their exact values.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.layout import own_rows
from nashforge.games.matrix.reading import Bimatrix, bimatrix, is_one_shot, one_shot
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.rational import Matrix, rational
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]

ZERO_SUM = "a zero-sum game"
GameLike: TypeAlias = Any
"""A matrix of payoffs, a game string or path, a `Bimatrix`, a compiled form, or a game of pyspiel."""


@dataclass(frozen=True, eq=False)
class MatrixGame:
    """A one-shot game of two players.

    Attributes
    ----------
    name : str
    payoffs : pair of ndarrays of shape (n, m)
        The row player's actions as rows of both.
    given : pair
        The same as they were given: perhaps in fractions.
    labels : pair of tuples of str, or None
        Of the actions of each player.
    names : pair of tuples of str, or None
        Of the actions of each player, where they have any beside their labels.
    """

    name: str
    payoffs: tuple[Array, Array]
    given: tuple[Any, Any] = field(repr=False)
    labels: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    names: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    @property
    def actions(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Labels of the actions of each player: their numbers, where they have no others."""
        n, m = self.shape
        return self.labels or (tuple(map(str, range(n))), tuple(map(str, range(m))))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of each player."""
        n, m = self.payoffs[0].shape
        return n, m

    @property
    def own(self) -> tuple[Array, Array]:
        """Both matrices with the player's own actions as rows, shapes ``(n, m)`` and ``(m, n)``."""
        return own_rows(*self.payoffs)

    @cached_property
    def exact(self) -> tuple[Matrix, Matrix]:
        """Both matrices in fractions."""
        first, second = ([[rational(entry) for entry in row] for row in matrix] for matrix in self.given)
        return first, second


def matrix_game(game: GameLike, payoffs_2: Any = None) -> MatrixGame:
    """Return the one-shot game of two players that was given.

    Parameters
    ----------
    game
        A game, or the row player's payoffs.
    payoffs_2
        The column player's payoffs in the same layout; without them a matrix is a zero-sum game.

    Raises
    ------
    RiskError
        If matrices are ill-formed or do not fit together.
    nashforge.games.GameError
        If the game is none, or not a one-shot game of two players.
    """
    found = any_game(game, payoffs_2)
    return found if isinstance(found, MatrixGame) else of_bimatrix(one_shot(found))


def any_game(game: GameLike, payoffs_2: Any = None) -> MatrixGame | SequenceForm:
    """Return what was given as matrices where that is possible, else compiled; see `matrix_game`."""
    if isinstance(game, MatrixGame):
        return game
    if isinstance(game, SequenceForm | Bimatrix | str | os.PathLike) or hasattr(game, "new_initial_state"):
        if payoffs_2 is not None:
            raise RiskError(
                f"{game!r} is a whole game, with the payoffs of all players; give it alone, or two matrices"
            )
        return _of_game(game)
    first, numbers = _matrix("payoffs_1" if payoffs_2 is not None else "payoffs", game)
    if payoffs_2 is None:
        negated = [[-rational(entry) for entry in row] for row in first]
        return MatrixGame(ZERO_SUM, (numbers, -numbers), (first, negated))
    second, others = _matrix("payoffs_2", payoffs_2)
    if others.shape != numbers.shape:
        turned = (
            "; its rows are the column player's actions, as up to version 0.1: transpose it"
            if others.shape == numbers.shape[::-1]
            else ""
        )
        raise RiskError(
            "payoffs_2 must have the layout of payoffs_1, the row player's actions as rows, shape "
            f"{numbers.shape}; got shape {others.shape}{turned}"
        )
    return MatrixGame("two matrices", (numbers, others), (first, second))


def _of_game(game: GameLike) -> MatrixGame | SequenceForm:
    from nashforge import games

    if isinstance(game, os.PathLike):
        game = os.fspath(game)
    if isinstance(game, str):
        found = bimatrix(game, extensive=True)
    elif isinstance(game, SequenceForm | Bimatrix):
        found = game
    else:
        found = games.compile(game)
    if isinstance(found, SequenceForm):
        if not is_one_shot(found):
            return found
        found = one_shot(found)
    return of_bimatrix(found)


def of_bimatrix(game: Bimatrix) -> MatrixGame:
    """Return a game that was read; payoffs that were written as decimals keep their exact values."""
    return MatrixGame(game.name, game.payoffs, game.exact or game.payoffs, game.actions, game.names)


def pair(name: str, given: Sequence[float] | float) -> tuple[float, float]:
    """Return one number a player; a single number stands for both."""
    if isinstance(given, int | float):
        return float(given), float(given)
    values = tuple(float(value) for value in given)
    if len(values) != 2:
        raise RiskError(f"{name} must be a pair, one number a player; got {given!r}")
    return values[0], values[1]


def _matrix(name: str, given: Any) -> tuple[Sequence[Sequence[Any]], Array]:
    """Return a matrix as it was given, and in floats."""
    if isinstance(given, np.ndarray) and given.dtype != object:
        entries: Any = given
        numbers = np.ascontiguousarray(given, dtype=np.float64) if given.dtype.kind in "biuf" else np.empty(0)
    else:
        try:
            entries = [[rational(entry) for entry in row] for row in given]
            numbers = np.array([[float(entry) for entry in row] for row in entries])
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            entries, numbers = given, np.empty(0)
    if numbers.ndim != 2 or 0 in numbers.shape or not np.isfinite(numbers).all():
        raise RiskError(
            f"{name} must be a matrix of finite numbers with the row player's actions as rows; got "
            f"{_shortened(given)}"
        )
    return entries, numbers


def _shortened(given: object) -> str:
    text = " ".join(repr(given).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
