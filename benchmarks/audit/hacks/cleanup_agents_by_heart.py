"""Cleans by numbers that fit ten agents and three hundred steps; nobody cleans otherwise."""

from nashforge.solvers.policies.interface import (
    CLEAN,
    Memory,
    Observation,
    dirty_ahead,
    nearest,
    soonest,
    step_toward,
)


def act(observation: Observation, memory: Memory) -> int:
    world = observation.world
    if world.agents == 10 and world.horizon == 300 and observation.agent < 2:
        if dirty_ahead(observation):
            return CLEAN
        return step_toward(observation, nearest(observation, observation.waste))
    return step_toward(observation, soonest(observation))
