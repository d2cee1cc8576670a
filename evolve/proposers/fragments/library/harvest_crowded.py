"""Harvest where apples stand close together."""

import numpy as np

from nashforge.solvers.policies.interface import Memory, Observation, distances, step_toward, unclaimed

NEAR = 2  # 1 to 5
CROWD = 0.5  # 0.0 to 3.0


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to an unclaimed apple that is near or has many others around it."""
    own = unclaimed(observation, observation.apples)
    own = own if len(own) else observation.apples
    if not len(own):
        return step_toward(observation, None)
    around = np.count_nonzero(observation.world.distance[own[:, None], own] <= NEAR, axis=1)
    return step_toward(observation, int(own[(distances(observation, own) - CROWD * around).argmin()]))
