"""Grow while a fair share pays for a child."""

from nashforge.solvers.policies.interface import SPAWN, Memory, Observation, may_spawn, present

REGROWTH = 25.0  # 10.0 to 100.0
MARGIN = 1.0  # 0.2 to 5.0


def entry(observation: Observation, memory: Memory) -> int | None:
    """Spawn while an equal share of what grows until the end is worth more than a child costs."""
    world = observation.world
    grown = len(world.apple_cells) / REGROWTH * (world.horizon - observation.step)
    pays = grown / (len(present(observation)) + 1) > MARGIN * (world.spawn_cost or 0)
    return SPAWN if pays and may_spawn(observation) else None
