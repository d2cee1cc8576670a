# Nashforge program sandy-salamander (gathering, 22cfb7f9d0187a9750f7167ac22d4424076403498b7da85c9086eefb5ad9e10c)
# Run dilemmas-gathering-0, candidate 3, proposed by offline.
# Fitness: train +4.865, validation +4.877, test +4.843
# (mean efficiency over the games; higher is better)
# Lineage:
#   #0 sunny-quokka (train +1.972): seed nearest_apple
#   #3 sandy-salamander (train +4.865): harvest: go where the next apple of one's own share can be had
#     first
# Measured:
#   gathering(agents=10,map=gathering,preset=default) seed=1000: efficiency 4.89 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=1001: efficiency 4.84 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=0: efficiency 4.863 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=1: efficiency 4.866 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=2: efficiency 4.834 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=3: efficiency 4.793 after 1000 iterations
#   gathering(agents=10,map=gathering,preset=default) seed=4: efficiency 4.857 after 1000 iterations
# ---
"""Go where the next apple of one's own share can be had first."""

from solvers.policies.interface import (
    Memory,
    Observation,
    soonest,
    step_toward,
    territory,
)

BANDS = 2  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where the next apple of one's own share can be had first."""
    if "share" not in memory:
        memory["share"] = territory(observation.world, observation.agent, observation.world.agents, BANDS)
    return step_toward(observation, soonest(observation, memory["share"]))


def act(observation: Observation, memory: Memory) -> int:
    """Harvest otherwise."""
    return harvest(observation, memory)
