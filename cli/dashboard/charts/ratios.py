"""Bars of games: how far a program is below or above the best reference."""

from __future__ import annotations

from typing import Any

from nashforge.evolve.results.run_status import RunStatus

WIDEST = 1.5
"""Orders of magnitude that fill half of a bar of a game, at least."""


def games_of(now: RunStatus) -> list[dict[str, Any]]:
    """Return how the best does against the best reference by game, the worst first, with lengths of bars."""
    if now.standing is None:
        return []
    ratios = sorted(now.standing.ratios.items(), key=lambda item: item[1])
    most = max(WIDEST, *(abs(value) for _, value in ratios))
    return [
        {
            "game": game,
            "value": value,
            "start": round(50 + 50 * min(value, 0) / most, 2),
            "width": round(50 * abs(value) / most, 2),
        }
        for game, value in ratios
    ]
