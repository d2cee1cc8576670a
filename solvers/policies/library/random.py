"""Uniformly random actions: the floor that every policy must beat."""

from nashforge.solvers.policies.interface import BEAM, CLEAN, Memory, Observation


def act(observation: Observation, memory: Memory) -> int:
    """Draw one of the game's actions."""
    actions = CLEAN + 1 if len(observation.world.river_cells) else BEAM + 2
    return int(observation.chance * actions)
