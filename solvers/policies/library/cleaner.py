"""Cleans whatever is dirty, for others to harvest: what a group needs somebody to do, and nobody gains by."""

from nashforge.solvers.policies.interface import (
    CLEAN,
    STAND,
    Memory,
    Observation,
    dirtiest_facing,
    dirty_ahead,
    nearest,
    step_toward,
    turn_toward,
)


def act(observation: Observation, memory: Memory) -> int:
    """Clean what lies ahead, else turn to what is dirty, else walk to the nearest waste."""
    if dirty_ahead(observation):
        return CLEAN
    facing, count = dirtiest_facing(observation)
    if count:
        return turn_toward(observation, facing)
    if len(observation.waste):
        return step_toward(observation, nearest(observation, observation.waste))
    return STAND
