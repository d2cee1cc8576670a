"""Actions of agents on a grid. Moves are relative to the facing of an agent; no turn is needed to move."""

from __future__ import annotations

FORWARD, BACKWARD, STEP_LEFT, STEP_RIGHT = 0, 1, 2, 3
ROTATE_LEFT, ROTATE_RIGHT = 4, 5
BEAM, STAND, CLEAN = 6, 7, 8

NAMES = (
    "forward",
    "backward",
    "step left",
    "step right",
    "rotate left",
    "rotate right",
    "beam",
    "stand",
    "clean",
)

NORTH, EAST, SOUTH, WEST = 0, 1, 2, 3

MOVE_TOWARDS = (FORWARD, STEP_RIGHT, BACKWARD, STEP_LEFT)
"""The move that goes in direction ``(direction - facing) % 4``."""


def legal_actions(game: str) -> tuple[int, ...]:
    """Return the actions of a game: only Cleanup can clean."""
    return tuple(range(9)) if game == "cleanup" else tuple(range(8))
