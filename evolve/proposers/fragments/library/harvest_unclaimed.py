"""Harvest what nobody else reaches first."""

from nashforge.solvers.policies.interface import Memory, Observation, nearest, step_toward, unclaimed


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to the nearest apple that nobody else reaches first."""
    own = unclaimed(observation, observation.apples)
    return step_toward(observation, nearest(observation, own if len(own) else observation.apples))
