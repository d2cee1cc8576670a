"""Tabular Markov games of two players: small worlds of our own, random ones, and grids of OpenSpiel.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from games.markov.model import MarkovGame
    from games.markov.openspiel import tabulate
    from games.markov.reading import is_markov, markov_game
    from games.markov.worlds import cliff_walk, contribution_line, random_markov

_HOME = {
    "MarkovGame": "games.markov.model",
    "cliff_walk": "games.markov.worlds",
    "contribution_line": "games.markov.worlds",
    "is_markov": "games.markov.reading",
    "markov_game": "games.markov.reading",
    "random_markov": "games.markov.worlds",
    "tabulate": "games.markov.openspiel",
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
