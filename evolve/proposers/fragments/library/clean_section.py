"""Clean a section of the river of one's own."""

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
SECTIONS = 2  # 1 to 5


def clean(observation: Observation, memory: Memory) -> int:
    """Clean where it clears most for the way, in one's own section of the river while it is dirty."""
    rows = observation.waste // observation.world.width
    own = observation.waste[rows * SECTIONS // observation.world.height == observation.agent % SECTIONS]
    seen = observation._replace(waste=own) if len(own) else observation
    cell, facing, count = cleaning_spot(seen, DELAY)
    if cell != observation.cell:
        return step_toward(observation, cell)
    if facing != observation.facing:
        return turn_toward(observation, facing)
    return CLEAN if count >= WORTH else STAND
