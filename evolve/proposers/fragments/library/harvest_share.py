"""Harvest a share of one's own."""

from nashforge.solvers.policies.interface import Memory, Observation, soonest, step_toward, territory

BANDS = 2  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where the next apple of one's own share can be had first."""
    if "share" not in memory:
        memory["share"] = territory(observation.world, observation.agent, observation.world.agents, BANDS)
    return step_toward(observation, soonest(observation, memory["share"]))
