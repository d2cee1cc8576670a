"""A tabular Markov game from a string: a world of ours with its size, or an OpenSpiel grid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from nashforge.games.errors import GameStringError
from nashforge.games.loading.identities import identity
from nashforge.games.markov.model import MarkovGame
from nashforge.games.markov.worlds import cliff_walk, contribution_line, random_markov

_WORLD = re.compile(r"(?P<name>[a-z_]+)\((?P<sizes>[\dx,\s]+?)(,\s*seed=(?P<seed>\d+))?\)")
MOST = 30
"""Largest size of a world: tables grow with the square of its cells."""


def _cliff(sizes: list[int], seed: int) -> MarkovGame:
    width, height = sizes
    return cliff_walk(width, height)


def _line(sizes: list[int], seed: int) -> MarkovGame:
    (length,) = sizes
    return contribution_line(length)


def _random(sizes: list[int], seed: int) -> MarkovGame:
    states, n, m = sizes
    return random_markov(states, n, m, np.random.default_rng(seed))


WORLDS: Mapping[str, tuple[Callable[[list[int], int], MarkovGame], str]] = {
    "cliff_walk": (_cliff, "cliff_walk(4x3)"),
    "contribution_line": (_line, "contribution_line(3)"),
    "random_markov": (_random, "random_markov(5,3x2,seed=1)"),
}
"""Makers of worlds from sizes and seed, and an example of each."""

LEAST = {"cliff_walk": (2, 2), "contribution_line": (1,), "random_markov": (1, 1, 1)}
_GRIDS = ("markov_soccer", "laser_tag", "coop_box_pushing", "pathfinding", "capture_the_flag", "snake")
"""OpenSpiel's grids of two players who move at once; other games with many steps are sequence forms."""


def is_markov(text: str) -> bool:
    """Whether a string names a Markov game, well formed or not."""
    return text.strip().partition("(")[0].strip() in (*WORLDS, *_GRIDS)


def markov_game(text: str) -> MarkovGame:
    """Return the Markov game that a string names.

    Parameters
    ----------
    text
        A world (``cliff_walk(4x3)``, columns by rows; ``contribution_line(3)``;
        ``random_markov(5,3x2,seed=1)``, states and actions), or an OpenSpiel game string, see
        `nashforge.games.markov.openspiel.tabulate`.

    Raises
    ------
    nashforge.games.GameError
        If it names no such game.
    """
    return _read(text.strip(), identity(text.replace("\\n", "\n")).digest)


@lru_cache(maxsize=32)
def _read(given: str, identified: str) -> MarkovGame:
    name = given.partition("(")[0].strip()
    if name not in WORLDS:
        from nashforge.games.markov.openspiel import tabulate

        return tabulate(given)
    make, example = WORLDS[name]
    match = _WORLD.fullmatch(given)
    sizes = [] if match is None else [int(part) for part in re.findall(r"\d+", match["sizes"])]
    least = LEAST[name]
    if (
        match is None
        or len(sizes) != len(least)
        or any(not low <= size <= MOST for low, size in zip(least, sizes, strict=True))
        or (match["seed"] and name != "random_markov")
    ):
        raise GameStringError(
            f"{given!r} is no world of a size between {'x'.join(map(str, least))} and {MOST}; write for "
            f"example {example}"
        )
    return make(sizes, int(match["seed"] or 0))
