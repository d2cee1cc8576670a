"""Harvest a share of one's own, of as many as there are agents."""

from nashforge.solvers.policies.interface import Memory, Observation, present, soonest, step_toward, territory

BANDS = 2  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where the next apple of one's own share can be had first, one share for each that is there."""
    there = present(observation).tolist()
    if memory.get("there") != there:
        rank = there.index(observation.agent)
        memory["there"], memory["share"] = there, territory(observation.world, rank, len(there), BANDS)
    return step_toward(observation, soonest(observation, memory["share"]))
