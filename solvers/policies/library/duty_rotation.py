"""Everyone cleans in turn: duties rotate with time, so that costs are shared and nobody is left behind."""

from nashforge.solvers.policies.interface import (
    CLEAN,
    STAND,
    Memory,
    Observation,
    cleaning_spot,
    nearest,
    step_toward,
    turn_toward,
    unclaimed,
)

CLEANERS = 0.2  # 0.0 to 0.6
PERIOD = 50  # 10 to 300
DELAY = 2.0  # 0.5 to 8.0
WORTH = 1  # 1 to 6


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to the nearest apple that nobody else reaches first."""
    own = unclaimed(observation, observation.apples)
    return step_toward(observation, nearest(observation, own if len(own) else observation.apples))


def clean(observation: Observation, memory: Memory) -> int:
    """Go where cleaning clears most for the way, and clean if it clears enough."""
    cell, facing, count = cleaning_spot(observation, DELAY)
    if cell != observation.cell:
        return step_toward(observation, cell)
    if facing != observation.facing:
        return turn_toward(observation, facing)
    return CLEAN if count >= WORTH else STAND


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean in every N-th period, a few agents at a time."""
    agents = observation.world.agents
    return (observation.agent - observation.step // PERIOD) % agents < CLEANERS * agents


def act(observation: Observation, memory: Memory) -> int:
    """Clean on duty, harvest otherwise."""
    return clean(observation, memory) if on_duty(observation, memory) else harvest(observation, memory)
