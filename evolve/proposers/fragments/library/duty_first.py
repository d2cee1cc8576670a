"""The first agents clean."""

from nashforge.solvers.policies.interface import Memory, Observation

CLEANERS = 0.2  # 0.0 to 0.6
START = 0.15  # 0.0 to 0.4
STOP = 0.05  # 0.0 to 0.3


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean if one is among the first agents, from START on until STOP."""
    memory["dirty"] = observation.density > (STOP if memory.get("dirty") else START)
    return memory["dirty"] and observation.agent < CLEANERS * observation.world.agents
