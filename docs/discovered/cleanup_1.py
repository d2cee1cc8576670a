# Nashforge program flying-tortoise (cleanup, 1d1d35c504fa64dd71ecca6cddcfc2ff252010c1560457da3f0d8e9cee440a63)
# Run dilemmas-cleanup-1, candidate 301, proposed by offline.
# Fitness: train +3.486, validation +3.505, test +3.423
# (mean efficiency over the games; higher is better)
# Lineage:
#   #0 young-echidna (train +0.103): seed nearest_apple
#   #3 hazel-osprey (train +0.103): harvest: go to the nearest apple that nobody else reaches first
#   #6 snowy-gorilla (train +2.780): cleaning: clean where it clears most for the way, in one's own
#     section of the river while it is dirty; duty: clean in every N-th period, a few agents at a time
#   #12 careful-woodpecker (train +2.323): combined anew: go to ripe apples of one's own share, else
#     to unclaimed ones, else wait in the share; go where cleaning clears most for the way, and clean
#     if it clears enough; clean in turn; the dirtier the river, the more agents have their turn; fire
#     at those ahead who fired in the step before
#   #18 silver-goose (train +2.619): DELAY from 7.3 to 8.0; CLEANERS from 0.11 to 0.027
#   #93 stable-prawn (train +2.810): clean: clean where it clears most for the way, in one's own
#     section of the river while it is dirty
#   #99 sound-sardine (train +3.198): harvest: go to an unclaimed apple that is near or has many
#     others around it
#   #111 great-cougar (train +3.415): WORTH from 3 to 2
#   #175 dainty-tarsier (train +3.409): NEAR from 2 to 3; SECTIONS from 2 to 2
#   #247 agile-eagle (train +3.423): NEED from 2.4 to 2.0; NEAR from 3 to 4
#   #286 sonic-polecat (train +3.487): CLEANERS from 0.027 to 0.06
#   #301 flying-tortoise (train +3.486): CROWD from 0.5 to 1.7
# Measured:
#   cleanup(agents=10,map=cleanup,preset=default) seed=1000: efficiency 3.485 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1001: efficiency 3.487 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=0: efficiency 3.386 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1: efficiency 3.443 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=2: efficiency 3.433 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=3: efficiency 3.467 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=4: efficiency 3.386 after 1000 iterations
# ---
"""Go to an unclaimed apple that is near or has many others around it; clean where it
clears most for the way, in one's own section of the river while it is dirty; clean in
turn; the dirtier the river, the more agents have their turn; fire at those ahead who
fired in the step before."""

import numpy as np

from solvers.policies.interface import (
    BEAM,
    CLEAN,
    STAND,
    Memory,
    Observation,
    cleaning_spot,
    distances,
    step_toward,
    targets_ahead,
    turn_toward,
    unclaimed,
)

CLEANERS = 0.06  # 0.0 to 0.4
NEED = 2.0  # 0.0 to 4.0
PERIOD = 161  # 10 to 300
DELAY = 8.0  # 0.5 to 8.0
WORTH = 2  # 1 to 6
SECTIONS = 2  # 1 to 5
NEAR = 4  # 1 to 5
CROWD = 1.7  # 0.0 to 3.0


def harvest(observation: Observation, memory: Memory) -> int:
    """Go to an unclaimed apple that is near or has many others around it."""
    own = unclaimed(observation, observation.apples)
    own = own if len(own) else observation.apples
    if not len(own):
        return step_toward(observation, None)
    around = np.count_nonzero(observation.world.distance[own[:, None], own] <= NEAR, axis=1)
    return step_toward(observation, int(own[(distances(observation, own) - CROWD * around).argmin()]))


def clean(observation: Observation, memory: Memory) -> int:
    """Clean where it clears most for the way, in one's own section of the river while it is dirty."""
    rows = observation.waste // observation.world.width
    own = observation.waste[rows * SECTIONS // observation.world.height == observation.agent % SECTIONS]
    seen = observation._replace(waste=own) if len(own) else observation
    cell, facing, count = cleaning_spot(seen, DELAY)
    if cell != observation.cell:
        return step_toward(observation, cell)
    if facing != observation.facing:
        return turn_toward(observation, facing)
    return CLEAN if count >= WORTH else STAND


def on_duty(observation: Observation, memory: Memory) -> bool:
    """Clean in turn; the dirtier the river, the more agents have their turn."""
    agents = observation.world.agents
    turn = (observation.agent - observation.step // max(PERIOD, 1)) % agents
    return turn < (CLEANERS + NEED * observation.density) * agents


def fire(observation: Observation, memory: Memory) -> bool:
    """Fire at those ahead who fired in the step before."""
    return any(observation.last_actions[k] == BEAM for k in targets_ahead(observation))


def act(observation: Observation, memory: Memory) -> int:
    """Fire when there is reason to, clean on duty, harvest otherwise."""
    if fire(observation, memory):
        return BEAM
    if on_duty(observation, memory):
        return clean(observation, memory)
    return harvest(observation, memory)
