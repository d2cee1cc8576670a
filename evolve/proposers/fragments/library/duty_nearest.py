"""Those nearest to the waste clean."""

from nashforge.solvers.policies.interface import Memory, Observation

CLEANERS = 0.2  # 0.0 to 0.6
START = 0.1  # 0.0 to 0.4


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean if few others are nearer to the waste."""
    if observation.density <= START or not len(observation.waste):
        return False
    away = observation.world.distance[observation.cells[:, None], observation.waste].min(axis=1)
    own = away[observation.agent]
    nearer = (away < own).sum() + (away[: observation.agent] == own).sum()
    return bool(nearer < CLEANERS * observation.world.agents)
