"""Sizes of games that were compiled before, read from the cache without loading the games."""

from __future__ import annotations

from dataclasses import dataclass

from nashforge.games.compilation import cache
from nashforge.games.compilation.compiler import COMPILER_VERSION
from nashforge.games.loading.source import load


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
    GameError
        If the game cannot be loaded.
    """
    loaded = load(game)
    if not loaded.lasting or loaded.identity is None:
        return None
    key = cache.CacheKey.of(loaded.identity, compiler_version=COMPILER_VERSION, imperfect_recall="refuse")
    meta = cache.read_meta(key)
    return None if meta is None else Size(meta["players"], meta["nodes"], meta["zero_sum"])
