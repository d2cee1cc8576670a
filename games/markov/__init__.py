"""Tabular Markov games of two players: small worlds of our own, random ones, and grids of OpenSpiel.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.games.markov.model import MarkovGame as MarkovGame
    from nashforge.games.markov.openspiel import tabulate as tabulate
    from nashforge.games.markov.reading import is_markov as is_markov
    from nashforge.games.markov.reading import markov_game as markov_game
    from nashforge.games.markov.worlds import cliff_walk as cliff_walk
    from nashforge.games.markov.worlds import contribution_line as contribution_line
    from nashforge.games.markov.worlds import random_markov as random_markov

__all__, __getattr__, __dir__ = exports(__name__)
