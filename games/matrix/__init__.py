"""One-shot games of two players as payoff matrices: games played by people, families, and any game string.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.games.matrix.families import family_names
    from nashforge.games.matrix.human import HumanGame, human_game, human_games
    from nashforge.games.matrix.reading import Bimatrix, bimatrix

_HOME = {
    "Bimatrix": "nashforge.games.matrix.reading",
    "bimatrix": "nashforge.games.matrix.reading",
    "family_names": "nashforge.games.matrix.families",
    "HumanGame": "nashforge.games.matrix.human",
    "human_game": "nashforge.games.matrix.human",
    "human_games": "nashforge.games.matrix.human",
}

__all__ = ["Bimatrix", "HumanGame", "bimatrix", "family_names", "human_game", "human_games"]

__getattr__ = on_first_use(__name__, _HOME)
