"""Clean what is nearest."""

from nashforge.solvers.policies.interface import (
    CLEAN,
    Memory,
    Observation,
    dirtiest_facing,
    dirty_ahead,
    nearest,
    step_toward,
    turn_toward,
)

WORTH = 1  # 1 to 6


def clean(observation: Observation, memory: Memory) -> int:
    """Clean what lies ahead, else turn to what is dirty, else walk to the nearest waste."""
    if dirty_ahead(observation) >= WORTH:
        return CLEAN
    facing, count = dirtiest_facing(observation)
    if count >= WORTH:
        return turn_toward(observation, facing)
    return step_toward(observation, nearest(observation, observation.waste))
