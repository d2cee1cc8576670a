"""Agents clean in turn."""

from nashforge.solvers.policies.interface import Memory, Observation

CLEANERS = 0.2  # 0.0 to 0.6
PERIOD = 50  # 10 to 300


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean in every N-th period, a few agents at a time."""
    agents = observation.world.agents
    return (observation.agent - observation.step // max(PERIOD, 1)) % agents < CLEANERS * agents
