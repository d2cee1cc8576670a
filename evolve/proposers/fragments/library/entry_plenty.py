"""Grow while apples lie about."""

from nashforge.solvers.policies.interface import SPAWN, Memory, Observation, may_spawn, present

PLENTY = 4.0  # 0.5 to 20.0
UNTIL = 0.7  # 0.0 to 1.0


def entry(observation: Observation, memory: Memory) -> int | None:
    """Spawn while there are so many apples for each that is there and time is left."""
    early = observation.step < UNTIL * observation.world.horizon
    plenty = len(observation.apples) > PLENTY * len(present(observation))
    return SPAWN if early and plenty and may_spawn(observation) else None
