"""Matrix dilemmas from OpenSpiel, one-shot and iterated; and public goods for any number of players."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pyspiel

from nashforge.games.errors import GameError
from nashforge.games.naming import choice

GAMES = {"prisoners_dilemma": "matrix_pd", "stag_hunt": "matrix_sh", "chicken": "matrix_cd"}
"""Name and OpenSpiel game of the dilemmas for two."""

COOPERATE = {"prisoners_dilemma": 0, "stag_hunt": 0, "chicken": 1, "public_goods": 0}
"""The action that cooperates, by game."""

MOST_PLAYERS = 10


def matrix_dilemma(name: str, players: int = 2, multiplier: float = 1.6) -> pyspiel.Game:
    """Return a one-shot dilemma.

    Parameters
    ----------
    name
        ``prisoners_dilemma``, ``stag_hunt``, ``chicken`` (for two) or ``public_goods``.
    players
        Of public goods; the others are for two.
    multiplier
        Of public goods: what is put into the pot (1 a contributor) is multiplied by it and shared by all.

    Raises
    ------
    nashforge.games.GameError
        If there is no such game, or not for so many players, or it would be no dilemma.
    """
    if name == "public_goods":
        return _public_goods(players, multiplier)
    if name not in GAMES:
        raise GameError(f"there is no matrix dilemma {name!r}; {choice(name, [*GAMES, 'public_goods'])}")
    if players != 2:
        raise GameError(f"{name} is for two players, not {players}; choose public_goods for more")
    return pyspiel.load_matrix_game(GAMES[name])


def iterated(game: pyspiel.Game, rounds: int) -> pyspiel.Game:
    """Return a one-shot game played so many times, with all moves observed and rewards added up."""
    if rounds < 1:
        raise GameError(f"a game cannot be played {rounds} times; give at least 1")
    return pyspiel.create_repeated_game(
        game, {"num_repetitions": rounds, "enable_infostate": True, "recall": rounds}
    )


def _public_goods(players: int, multiplier: float) -> pyspiel.Game:
    if not 2 <= players <= MOST_PLAYERS:
        raise GameError(f"public goods are for 2 to {MOST_PLAYERS} players, not {players}")
    if not 1 < multiplier < players:
        raise GameError(
            f"a multiplier of {multiplier} makes public goods no dilemma; choose one above 1 and below the "
            f"number of players, {players}"
        )
    shape = (2,) * players
    tensors = np.zeros((players, *shape))
    for profile in product(range(2), repeat=players):
        pot = multiplier * profile.count(0) / players
        for player, action in enumerate(profile):
            tensors[(player, *profile)] = pot - (1.0 if action == 0 else 0.0)
    names = [["Contribute", "Keep"]] * players
    if players == 2:
        rows, columns = tensors
        return pyspiel.create_matrix_game(
            "public_goods", "Public goods", names[0], names[1], _lists(rows), _lists(columns)
        )
    return pyspiel.create_tensor_game(
        "public_goods", "Public goods", names, [tensor.ravel().tolist() for tensor in tensors]
    )


def _lists(matrix: npt.NDArray[np.float64]) -> list[list[float]]:
    return [[float(value) for value in row] for row in matrix]
