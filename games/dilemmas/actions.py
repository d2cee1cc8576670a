"""Actions of agents on a grid. Moves are relative to the facing of an agent; no turn is needed to move."""

from __future__ import annotations

FORWARD, BACKWARD, STEP_LEFT, STEP_RIGHT = 0, 1, 2, 3
ROTATE_LEFT, ROTATE_RIGHT = 4, 5
BEAM, STAND, CLEAN = 6, 7, 8
SPAWN, LEAVE = 9, 10

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
    "spawn",
    "leave",
)

NORTH, EAST, SOUTH, WEST = 0, 1, 2, 3

MOVE_TOWARDS = (FORWARD, STEP_RIGHT, BACKWARD, STEP_LEFT)
"""The move that goes in direction ``(direction - facing) % 4``."""


def legal_actions(game: str, fluid: bool = False) -> tuple[int, ...]:
    """Return the actions of a game: only Cleanup can clean, and only a fluid group can spawn and leave."""
    cleaning = (CLEAN,) if game == "cleanup" else ()
    return (*range(8), *cleaning, *((SPAWN, LEAVE) if fluid else ()))
