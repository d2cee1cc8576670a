"""One-shot games of two players as payoff matrices: with laboratory play, of families, of any game string.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.games.matrix.families import family_names as family_names
    from nashforge.games.matrix.human import HumanGame as HumanGame
    from nashforge.games.matrix.human import human_game as human_game
    from nashforge.games.matrix.human import human_games as human_games
    from nashforge.games.matrix.reading import Bimatrix as Bimatrix
    from nashforge.games.matrix.reading import bimatrix as bimatrix

__all__, __getattr__, __dir__ = exports(__name__)
