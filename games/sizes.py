"""Sizes of games that were compiled before, read from the cache without loading the games."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from games import cache
from games.compiler import COMPILER_VERSION
from games.openspiel import defined_in_python, load_game


@dataclass(frozen=True)
class Size:
    """Size of a compiled game.

    Attributes
    ----------
    nodes : int
        Number of histories.
    """

    players: int
    nodes: int
    zero_sum: bool


def known_size(game: str) -> Size | None:
    """Return the size of a game if the cache has it, else None.

    Raises
    ------
    GameStringError
        If OpenSpiel does not know the game.
    """
    loaded = load_game(game)
    if defined_in_python(loaded):
        return None
    key = cache.CacheKey.of(loaded, compiler_version=COMPILER_VERSION, imperfect_recall="refuse")
    try:
        with key.path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            meta = json.loads(file["meta"].tobytes())
    except (OSError, *cache.DAMAGED):
        return None
    return Size(int(meta["players"]), int(meta["nodes"]), bool(meta["zero_sum"]))
