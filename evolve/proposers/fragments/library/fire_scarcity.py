"""Fire at rivals when apples are few."""

from nashforge.solvers.policies.interface import Memory, Observation, targets_ahead

FEW = 0.1  # 0.0 to 1.0


def fire(observation: Observation, memory: Memory) -> bool:
    """Fire at those ahead while few apples are left."""
    few = len(observation.apples) < FEW * len(observation.world.apple_cells)
    return few and bool(targets_ahead(observation))
