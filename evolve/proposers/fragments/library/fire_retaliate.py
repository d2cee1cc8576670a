"""Fire back."""

from nashforge.solvers.policies.interface import BEAM, Memory, Observation, targets_ahead


def fire(observation: Observation, memory: Memory) -> bool:
    """Fire at those ahead who fired in the step before."""
    return any(observation.last_actions[k] == BEAM for k in targets_ahead(observation))
