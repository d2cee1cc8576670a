"""Games as solvers of equilibria take them: two matrices, a game string, a game of OpenSpiel, or a file.

Matrices have the row player's actions as rows of both, as in nashpy, Gambit and OpenSpiel. Their
entries may be numbers, fractions or strings such as ``1/3`` and ``0.1``, and keep their exact values.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.reading import Bimatrix, bimatrix, is_one_shot, one_shot
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.exact.rational import rational
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]

ZERO_SUM = "a zero-sum game"
GameLike: TypeAlias = Any
"""A matrix of payoffs, a game string or path, a `Bimatrix`, a compiled form, or a game of pyspiel."""


def matrix_game(game: GameLike, payoffs_2: Any = None) -> Bimatrix:
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
    return found if isinstance(found, Bimatrix) else one_shot(found)


def any_game(game: GameLike, payoffs_2: Any = None) -> Bimatrix | SequenceForm:
    """Return what was given as matrices where that is possible, else compiled; see `matrix_game`."""
    if isinstance(game, SequenceForm | Bimatrix | str | os.PathLike) or hasattr(game, "new_initial_state"):
        if payoffs_2 is not None:
            raise RiskError(
                f"{game!r} is a whole game, with the payoffs of all players; give it alone, or two matrices"
            )
        found = game
        if isinstance(game, str | os.PathLike):
            found = bimatrix(os.fspath(game), extensive=True)
        elif not isinstance(game, SequenceForm | Bimatrix):
            from nashforge import games

            found = games.compile(game)
        return one_shot(found) if isinstance(found, SequenceForm) and is_one_shot(found) else found
    first, numbers = _matrix("payoffs_1" if payoffs_2 is not None else "payoffs", game)
    if payoffs_2 is None:
        negated = [[-rational(entry) for entry in row] for row in first]
        return Bimatrix(ZERO_SUM, (numbers, -numbers), (first, negated))
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
    return Bimatrix("two matrices", (numbers, others), (first, second))


def pair(name: str, given: Sequence[float] | float) -> tuple[float, float]:
    """Return one number a player; a single number stands for both."""
    if isinstance(given, int | float):
        return float(given), float(given)
    try:
        first, second = (float(value) for value in given)
    except (TypeError, ValueError) as error:
        raise RiskError(f"{name} must be a pair, one number a player, or a number; got {given!r}") from error
    return first, second


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
