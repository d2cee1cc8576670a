"""Harvest the nearest apple."""

from nashforge.solvers.policies.interface import Memory, Observation, nearest, step_toward


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to the nearest apple, and stand where there is none."""
    return step_toward(observation, nearest(observation, observation.apples))
