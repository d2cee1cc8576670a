# mypy: disallow-untyped-decorators=False
"""A 5 x 5 grid on which two agents fetch onions for a pot: a cooperative game with private costs.

Source: the grid world of "Strategic risk aversion" (arXiv 2602.21515): pot at (2, 2), onions at (3, 4) and
(4, 3), starts at (1, 0) and (0, 1); a move costs its agent 0.2 and a collision 2; picking an onion up earns
both 1, delivering it both 10; an onion is back with probability 0.2 a step; 50 steps; both act in random
order.

Our reading where the source is silent: there are five actions (four directions and staying); the pot is
solid, and an agent delivers by moving against it; moving into the other agent is a collision, which costs the
mover 2 besides the move and leaves it where it is; a move against the border costs as any other; an agent
that already carries an onion leaves others where they are.
"""

from __future__ import annotations

import copy
from typing import Self

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel

SIZE = 5
NORTH, EAST, SOUTH, WEST, STAY = range(5)
POT = 2 * SIZE + 2
ONIONS = np.array([3 * SIZE + 4, 4 * SIZE + 3])
STARTS = np.array([1 * SIZE + 0, 0 * SIZE + 1])

HORIZON = 50
MOVE_COST, COLLISION_COST = 0.2, 2.0
PICKUP, DELIVERY = 1.0, 10.0
RESPAWN_PROBABILITY = 0.2

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel()
def cooperation_step(
    actions: Ints, uniforms: Floats, cells: Ints, carrying: Ints, onions: Ints, rewards: Floats, tally: Ints
) -> None:
    """Let both act in random order, then let onions come back.

    Parameters
    ----------
    uniforms
        Three numbers in [0, 1): for the order of acting and for each onion.
    cells, carrying
        Of each agent; changed.
    onions
        1 where an onion is; changed.
    rewards
        Output, shape ``(2,)``.
    tally
        Pickups, deliveries, collisions and moves of each agent, shape ``(4, 2)``; counted up.
    """
    rewards[:] = 0.0
    first = 0 if uniforms[0] < 0.5 else 1
    for i in (first, 1 - first):
        action = actions[i]
        if action == STAY:
            continue
        rewards[i] -= MOVE_COST
        tally[3, i] += 1
        row, column = cells[i] // SIZE, cells[i] % SIZE
        row += (action == SOUTH) - (action == NORTH)
        column += (action == EAST) - (action == WEST)
        if row < 0 or row >= SIZE or column < 0 or column >= SIZE:
            continue
        there = row * SIZE + column
        if there == POT:
            if carrying[i]:
                carrying[i] = 0
                rewards += DELIVERY
                tally[1, i] += 1
            continue
        if there == cells[1 - i]:
            rewards[i] -= COLLISION_COST
            tally[2, i] += 1
            continue
        cells[i] = there
        for k in range(2):
            if there == ONIONS[k] and onions[k] and not carrying[i]:
                onions[k] = 0
                carrying[i] = 1
                rewards += PICKUP
                tally[0, i] += 1
    for k in range(2):
        occupied = cells[0] == ONIONS[k] or cells[1] == ONIONS[k]
        if not onions[k] and not occupied and uniforms[1 + k] < RESPAWN_PROBABILITY:
            onions[k] = 1


class Cooperation:
    """One episode at a time.

    Attributes
    ----------
    cells, carrying : ndarray of int64, shape (2,)
        Where each agent is (row by row), and whether it carries an onion.
    onions : ndarray of int64, shape (2,)
        Whether each onion is there.
    returns : ndarray of float64, shape (2,)
        Sum of rewards so far.
    tally : ndarray of int64, shape (4, 2)
        Pickups, deliveries, collisions and moves of each agent.
    """

    agents = 2
    actions = 5

    def __init__(self, horizon: int = HORIZON) -> None:
        if horizon < 1:
            raise ValueError(f"the horizon is {horizon}, but an episode has at least 1 step")
        self.horizon = horizon
        self.cells, self.carrying = STARTS.copy(), np.zeros(2, dtype=np.int64)
        self.onions = np.ones(2, dtype=np.int64)
        self.rewards, self.returns = np.zeros(2), np.zeros(2)
        self.tally = np.zeros((4, 2), dtype=np.int64)
        self.step_number = 0
        self._luck = np.zeros((horizon, 3))
        self._begun = False

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.step_number >= self.horizon

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode; ``rng`` decides everything random of it."""
        self.cells[:], self.carrying[:], self.onions[:] = STARTS, 0, 1
        self.rewards[:] = self.returns[:] = 0.0
        self.tally[:] = 0
        self.step_number = 0
        self._luck = rng.random((self.horizon, 3))
        self._begun = True

    def step(self, actions: npt.ArrayLike) -> Floats:
        """Make a step and return the rewards, shape ``(2,)``.

        Raises
        ------
        ValueError
            If there are not two actions from 0 to 4.
        RuntimeError
            If no episode is under way.
        """
        chosen = np.asarray(actions, dtype=np.int64)
        if chosen.shape != (2,) or chosen.min() < 0 or chosen.max() > STAY:
            raise ValueError(f"actions {chosen.tolist()} are not two numbers from 0 to {STAY}")
        if not self._begun or self.done:
            raise RuntimeError("no episode is under way; call reset first")
        luck = self._luck[self.step_number]
        cooperation_step(chosen, luck, self.cells, self.carrying, self.onions, self.rewards, self.tally)
        self.returns += self.rewards
        self.step_number += 1
        return self.rewards

    def copy(self) -> Self:
        """Return an independent environment in the same state, with the same luck to come."""
        twin = copy.copy(self)
        for name in ("cells", "carrying", "onions", "rewards", "returns", "tally"):
            setattr(twin, name, getattr(self, name).copy())
        return twin
