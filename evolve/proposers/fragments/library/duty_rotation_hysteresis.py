"""Agents clean in turn, while it is needed."""

from nashforge.solvers.policies.interface import Memory, Observation

CLEANERS = 0.3  # 0.0 to 0.6
PERIOD = 50  # 10 to 300
START = 0.1  # 0.0 to 0.4
STOP = 0.02  # 0.0 to 0.3


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean in turn, from START on until STOP."""
    agents = observation.world.agents
    memory["dirty"] = observation.density > (STOP if memory.get("dirty") else START)
    turn = (observation.agent - observation.step // max(PERIOD, 1)) % agents
    return memory["dirty"] and turn < CLEANERS * agents
