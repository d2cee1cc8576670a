"""Clean where it clears most for the way."""

from nashforge.solvers.policies.interface import (
    CLEAN,
    STAND,
    Memory,
    Observation,
    cleaning_spot,
    step_toward,
    turn_toward,
)

DELAY = 2.0  # 0.5 to 8.0
WORTH = 1  # 1 to 6


def clean(observation: Observation, memory: Memory) -> int:
    """Go where cleaning clears most for the way, and clean if it clears enough."""
    cell, facing, count = cleaning_spot(observation, DELAY)
    if cell != observation.cell:
        return step_toward(observation, cell)
    if facing != observation.facing:
        return turn_toward(observation, facing)
    return CLEAN if count >= WORTH else STAND
