"""Harvest a share of one's own, and beyond it what nobody else reaches first."""

from nashforge.solvers.policies.interface import (
    Memory,
    Observation,
    mask,
    nearest,
    soonest,
    step_toward,
    territory,
    unclaimed,
)

BANDS = 2  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to ripe apples of one's own share, else to unclaimed ones, else wait in the share."""
    world = observation.world
    if "share" not in memory:
        memory["share"] = territory(world, observation.agent, world.agents, BANDS)
        memory["inside"] = mask(world, world.apple_cells[memory["share"]])
    own = observation.apples[memory["inside"][observation.apples]]
    if not len(own):
        own = unclaimed(observation, observation.apples)
    goal = nearest(observation, own) if len(own) else soonest(observation, memory["share"])
    return step_toward(observation, goal)
