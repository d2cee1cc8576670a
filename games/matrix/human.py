"""Two-by-two games with their laboratory play, see ``human_games.toml`` for the sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError
from nashforge.games.naming import choice

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Parameters that were fitted to one game: one number a player."""

    tau: tuple[float, float]
    epsilon: tuple[float, float]


@dataclass(frozen=True, eq=False)
class HumanGame:
    """A game with its laboratory play and fitted parameters.

    Attributes
    ----------
    name : str
    study : str
        The experiment that it belongs to.
    payoffs : pair of ndarrays of shape (2, 2)
        Each player's payoffs, player 1's actions as rows of both.
    nash, laboratory_play : tuple of two floats
        Probability of each player's first action: in the Nash equilibrium, and as observed.
    kl, reverse_kl : Fitted
        For KL with the log barrier, and reverse KL with the entropy.
    """

    name: str
    study: str
    payoffs: tuple[Array, Array]
    nash: tuple[float, float]
    laboratory_play: tuple[float, float]
    kl: Fitted
    reverse_kl: Fitted


@cache
def human_games() -> tuple[HumanGame, ...]:
    """Return all games."""
    text = resources.files("nashforge.games.matrix").joinpath("human_games.toml").read_text("utf-8")
    return tuple(_read(entry) for entry in tomllib.loads(text)["games"])


def human_game(name: str) -> HumanGame:
    """Return a game by name, whatever its case.

    Raises
    ------
    nashforge.games.GameStringError
        If there is none of that name.
    """
    for game in human_games():
        if game.name.lower() == name.lower():
            return game
    known = [game.name for game in human_games()]
    raise GameStringError(f"there is no game with laboratory play called {name!r}; {choice(name, known)}")


def _read(entry: dict[str, Any]) -> HumanGame:
    payoffs = np.array(entry["payoffs_1"]), np.array(entry["payoffs_2"])
    for matrix in payoffs:
        matrix.flags.writeable = False
    pairs: dict[str, Any] = {name: tuple(entry[name]) for name in ("nash", "laboratory_play")}
    fitted: dict[str, Any] = {
        name: Fitted(**{k: tuple(v) for k, v in entry[name].items()}) for name in ("kl", "reverse_kl")
    }
    return HumanGame(entry["name"], entry["study"], payoffs, **pairs, **fitted)
