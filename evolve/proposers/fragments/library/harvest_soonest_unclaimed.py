"""Harvest where one is the first to have the next apple, ripe or not."""

import numpy as np

from nashforge.solvers.policies.interface import Memory, Observation, soonest, step_toward

PATIENCE = 8  # 0 to 25


def harvest(observation: Observation, memory: Memory) -> int:
    """Go where one can have an apple before everybody else, waiting for it if need be."""
    world = observation.world
    active = np.flatnonzero((observation.timeouts == 0) & (observation.cells >= 0))
    soon = np.flatnonzero(observation.waits <= PATIENCE)
    away = world.distance[observation.cells[active][:, None], world.apple_cells[soon]]
    own = soon[active[away.argmin(axis=0)] == observation.agent]
    return step_toward(observation, soonest(observation, own if len(own) else None))
