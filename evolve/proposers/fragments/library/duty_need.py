"""Agents clean in turn, the more of them the dirtier the river is."""

from nashforge.solvers.policies.interface import Memory, Observation

CLEANERS = 0.1  # 0.0 to 0.4
NEED = 1.0  # 0.0 to 4.0
PERIOD = 50  # 10 to 300


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean in turn; the dirtier the river, the more agents have their turn."""
    agents = observation.world.agents
    turn = (observation.agent - observation.step // max(PERIOD, 1)) % agents
    return turn < (CLEANERS + NEED * observation.density) * agents
