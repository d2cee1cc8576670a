"""All generators by name, and the games that their strings make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nashforge.games.generators.contests import security_game, weighted_blotto
from nashforge.games.generators.matrices import game_of_skill, low_rank_matrix, normal_matrix, sparse_matrix
from nashforge.games.generators.searching import inspection_game, pursuit
from nashforge.games.generators.specification import Generated, Generator
from nashforge.games.generators.trees import random_tree

GENERATORS: Mapping[str, Generator] = {
    generator.name: generator
    for generator in (
        random_tree,
        normal_matrix,
        low_rank_matrix,
        game_of_skill,
        sparse_matrix,
        weighted_blotto,
        security_game,
        pursuit,
        inspection_game,
    )
}
"""The generators of the package."""


def is_generated(text: str) -> bool:
    """Whether a text is a game string of a generator by its name, well formed or not."""
    return text.partition("(")[0].strip() in GENERATORS


def generate(parameters: Mapping[str, Any]) -> tuple[Generated, str]:
    """Return the game of parameters, and what it is, as canonical JSON.

    Parameters
    ----------
    parameters
        Those that are given, with the generator's name under ``name``.

    Raises
    ------
    nashforge.games.GameStringError
        If a parameter is unknown, out of its bounds, or does not fit the others.
    """
    generator = GENERATORS[parameters["name"]]
    given = generator.checked({key: value for key, value in parameters.items() if key != "name"})
    what = {"name": generator.name, "generator": generator.version, **given}
    return generator.make(given), json.dumps(what, sort_keys=True, separators=(",", ":"))
