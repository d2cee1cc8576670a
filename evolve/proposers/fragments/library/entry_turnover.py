"""Come and go with the apples."""

from nashforge.solvers.policies.interface import LEAVE, SPAWN, Memory, Observation, may_spawn, present

PLENTY = 4.0  # 0.5 to 20.0
FEW = 0.2  # 0.0 to 2.0


def entry(observation: Observation, memory: Memory) -> int | None:
    """Spawn while there are so many apples for each; the last to come leaves when there are few."""
    there = present(observation)
    each = len(observation.apples) / len(there)
    if each > PLENTY:
        return SPAWN if may_spawn(observation) else None
    last = int(there[-1]) == observation.agent and len(there) > observation.world.founders
    return LEAVE if each < FEW and last and observation.world.spawn_cost is not None else None
