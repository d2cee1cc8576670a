"""Grow to a number."""

from nashforge.solvers.policies.interface import SPAWN, Memory, Observation, may_spawn, present

MOST = 6  # 1 to 30
UNTIL = 0.7  # 0.0 to 1.0


def entry(observation: Observation, memory: Memory) -> int | None:
    """Spawn while fewer than so many are there and time is left."""
    early = observation.step < UNTIL * observation.world.horizon
    return SPAWN if early and len(present(observation)) < MOST and may_spawn(observation) else None
