"""Rules for the resolution of conflicts, and the constants of the games.

Source: the public implementation of Gallego, "LLM policy synthesis" (2026, arXiv 2603.19453). Its order of
resolution favours low indices and lets beams pass through walls; the default rules mend both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Rules by which an environment resolves a step.

    Attributes
    ----------
    random_priority
        Whether agents act and eat in a new random order every step, or else in the order of their indices.
    beams_stop_at_walls
        Whether each lane of a beam, or of cleaning, ends at the first wall.
    """

    random_priority: bool
    beams_stop_at_walls: bool


PRESETS = {
    "default": Rules(random_priority=True, beams_stop_at_walls=True),
    "gallego2026": Rules(random_priority=False, beams_stop_at_walls=False),
}
"""``gallego2026`` keeps the resolution of the original, so that published policies can be compared."""

HORIZON = 1000
"""Steps of an episode."""

FREEZE = 25
"""Steps for which a tagged agent is out of the game; the counter falls at the start of every step."""

GATHERING_BEAM_LENGTH, GATHERING_BEAM_WIDTH, GATHERING_HITS = 20, 1, 2
"""A beam is a rectangle ahead; so many hits tag. Firing is free."""

RESPAWN = 25
"""Steps after which an eaten apple of Gathering is back."""

NO_APPLE = 99
"""Marks an empty orchard cell in Cleanup, where nobody knows how long an apple will take."""

CLEANUP_BEAM_LENGTH, CLEANUP_BEAM_WIDTH = 5, 3
"""Of the beam and of cleaning alike; one hit tags."""

BEAM_COST, CLEAN_COST, HIT_PENALTY = 1.0, 1.0, 50.0
"""Of Cleanup: for firing, for cleaning once, and for every agent that is hit."""

WASTE_THRESHOLD = 0.4
"""At this share of dirty river cells no apple grows, and no more waste appears."""

WASTE_PROBABILITY = 0.5
"""With which one river cell turns dirty in a step, below the threshold."""

GROWTH_PROBABILITY = 0.05
"""With which an empty orchard cell grows an apple in a step while the river is clean."""
