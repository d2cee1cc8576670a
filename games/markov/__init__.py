"""Tabular Markov games of two players: small worlds of our own, random ones, and grids of OpenSpiel.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.games.markov.model import MarkovGame
    from nashforge.games.markov.openspiel import tabulate
    from nashforge.games.markov.reading import is_markov, markov_game
    from nashforge.games.markov.worlds import cliff_walk, contribution_line, random_markov

_HOME = {
    "MarkovGame": "nashforge.games.markov.model",
    "cliff_walk": "nashforge.games.markov.worlds",
    "contribution_line": "nashforge.games.markov.worlds",
    "is_markov": "nashforge.games.markov.reading",
    "markov_game": "nashforge.games.markov.reading",
    "random_markov": "nashforge.games.markov.worlds",
    "tabulate": "nashforge.games.markov.openspiel",
}

__all__ = [
    "MarkovGame",
    "cliff_walk",
    "contribution_line",
    "is_markov",
    "markov_game",
    "random_markov",
    "tabulate",
]

__getattr__ = on_first_use(__name__, _HOME)
