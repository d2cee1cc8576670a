"""Everyone harvests a share of the apples of their own, going where the next apple can be had first.

In Cleanup nobody cleans: a partition alone does not save the commons.
"""

from nashforge.solvers.policies.interface import Memory, Observation, soonest, step_toward, territory

BANDS = 2  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where the next apple of one's own share can be had first."""
    if "share" not in memory:
        memory["share"] = territory(observation.world, observation.agent, observation.world.agents, BANDS)
    return step_toward(observation, soonest(observation, memory["share"]))


def act(observation: Observation, memory: Memory) -> int:
    """Harvest."""
    return harvest(observation, memory)
