"""Harvest a share that moves on from agent to agent."""

from nashforge.solvers.policies.interface import Memory, Observation, soonest, step_toward, territory

BANDS = 2  # 1 to 6
STAY = 200  # 25 to 500


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where the next apple of the share that is one's own for now can be had first."""
    agents = observation.world.agents
    part = (observation.agent + observation.step // max(STAY, 1)) % agents
    if memory.get("part") != part:
        memory["part"] = part
        memory["share"] = territory(observation.world, part, agents, BANDS)
    return step_toward(observation, soonest(observation, memory["share"]))
