# Nashforge program prompt-chipmunk (cleanup, 1eaa15b8a2634e1842c0fb7e1c44fb5296d6b1d734c862bd89d3a2157adced4b)
# Run dilemmas-cleanup-2, candidate 238, proposed by offline.
# Fitness: train +3.396, validation +3.419, test +3.333
# (mean efficiency over the games; higher is better)
# Lineage:
#   #0 young-echidna (train +0.103): seed nearest_apple
#   #1 green-hare (train +1.600): cleaning: go where cleaning clears most for the way, and clean if it
#     clears enough; duty: clean in turn, from START on until STOP
#   #4 direct-mallard (train +2.596): harvest: go to the nearest apple that nobody else reaches first
#   #13 deep-squirrel (train +2.564): harvest, on_duty of the other parent
#   #19 careful-fox (train +2.629): PERIOD from 233 to 171
#   #82 cheerful-sheep (train +2.827): clean: clean where it clears most for the way, in one's own
#     section of the river while it is dirty
#   #94 magic-trout (train +3.333): harvest, on_duty of the other parent
#   #103 sturdy-pelican (train +3.376): NEAR from 2 to 2; CROWD from 0.5 to 1.2
#   #190 mild-mouse (train +3.365): DELAY from 2.0 to 1.4; CROWD from 1.2 to 1.9
#   #211 olive-cockatoo (train +3.302): CROWD from 1.9 to 1.8; SECTIONS from 2 to 3
#   #238 prompt-chipmunk (train +3.396): clean, on_duty of the other parent
# Measured:
#   cleanup(agents=10,map=cleanup,preset=default) seed=1000: efficiency 3.404 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1001: efficiency 3.389 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=0: efficiency 3.313 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1: efficiency 3.362 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=2: efficiency 3.286 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=3: efficiency 3.369 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=4: efficiency 3.336 after 1000 iterations
# ---
"""Go to an unclaimed apple that is near or has many others around it; clean where it
clears most for the way, in one's own section of the river while it is dirty; clean in
turn; the dirtier the river, the more agents have their turn."""

import numpy as np

from solvers.policies.interface import (
    CLEAN,
    STAND,
    Memory,
    Observation,
    cleaning_spot,
    distances,
    step_toward,
    turn_toward,
    unclaimed,
)

CLEANERS = 0.082  # 0.0 to 0.4
NEED = 3.5  # 0.0 to 4.0
PERIOD = 171  # 10 to 300
DELAY = 2.8  # 0.5 to 8.0
WORTH = 1  # 1 to 6
SECTIONS = 2  # 1 to 5
NEAR = 2  # 1 to 5
CROWD = 1.8  # 0.0 to 3.0


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


def act(observation: Observation, memory: Memory) -> int:
    """Clean on duty, harvest otherwise."""
    if on_duty(observation, memory):
        return clean(observation, memory)
    return harvest(observation, memory)
