"""One-shot games of two players as payoff matrices: games played by people, families, and any game string.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from games.matrix.families import family_names
    from games.matrix.human import HumanGame, human_game, human_games
    from games.matrix.reading import Bimatrix, bimatrix

_HOME = {
    "Bimatrix": "games.matrix.reading",
    "bimatrix": "games.matrix.reading",
    "family_names": "games.matrix.families",
    "HumanGame": "games.matrix.human",
    "human_game": "games.matrix.human",
    "human_games": "games.matrix.human",
}

__all__ = ["Bimatrix", "HumanGame", "bimatrix", "family_names", "human_game", "human_games"]

__getattr__ = on_first_use(__name__, _HOME)
