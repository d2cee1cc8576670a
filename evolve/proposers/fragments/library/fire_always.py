"""Fire at everybody."""

from nashforge.solvers.policies.interface import Memory, Observation, targets_ahead


def fire(observation: Observation, memory: Memory) -> bool:
    """Fire at whoever is ahead."""
    return bool(targets_ahead(observation))
