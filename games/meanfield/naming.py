"""Mean-field games told from others without loading them."""

from __future__ import annotations

from typing import Any

NAMES = ("mfg_", "python_mfg_", "mean_field_")
"""Beginnings of the names of OpenSpiel's mean-field games."""


def is_mean_field(game: Any) -> bool:
    """Whether a game string by its name, or a ``pyspiel.Game`` by its type, is a mean-field game."""
    if isinstance(game, str):
        return game.strip().startswith(NAMES)
    kind = getattr(game, "get_type", None)
    return kind is not None and kind().dynamics.name == "MEAN_FIELD"
