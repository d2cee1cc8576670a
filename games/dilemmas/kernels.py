# mypy: disallow-untyped-decorators=False
"""The compiled step of Gathering and Cleanup: moving, beams, growing, eating.

All randomness of a step comes in as uniform numbers, the same number of them whatever agents do, so that two
policies with one seed meet the same luck.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.games.dilemmas.actions import BEAM, CLEAN, LEAVE, ROTATE_LEFT, ROTATE_RIGHT, SPAWN, STAND
from nashforge.games.dilemmas.rules import (
    BEAM_COST,
    CLEAN_COST,
    CLEANUP_BEAM_LENGTH,
    CLEANUP_BEAM_WIDTH,
    FREEZE,
    GATHERING_BEAM_LENGTH,
    GATHERING_BEAM_WIDTH,
    GATHERING_HITS,
    GROWTH_PROBABILITY,
    HIT_PENALTY,
    NO_APPLE,
    RESPAWN,
    WASTE_PROBABILITY,
    WASTE_THRESHOLD,
)

Ints = npt.NDArray[np.int16]
Index = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CELL, FACING, TIMEOUT, HITS, LAST = range(5)
"""Rows of the agents' table: cell, direction, steps out of the game, hits taken so far, last action."""

AGENT_ROWS = 5

UNBORN, LEFT = -1, -2
"""In all rows of an agent that was not spawned yet, and of one that has left for good."""

APPLES, BEAMS, HITS_MADE, TAGGED, CLEANINGS, CLEANED, IDLE, FROZEN, INCOME_STEPS, INCOME_COUNT = range(10)
"""Rows of the tally: apples eaten, beams fired, hits on others, times tagged, cleanings, cells cleaned, idle
steps, steps out of the game, sum and number of the steps with a positive reward."""

TALLY_ROWS = 10

_MOVES = np.array([0, 2, 3, 1])
"""Direction of forward, backward, step left and step right, relative to the facing."""


@kernel()
def _move(table: Ints, tally: Counts, i: int, action: int, walls: Bools, width: int) -> None:
    """Carry out a move, a turn or standing."""
    if action == ROTATE_LEFT:
        table[FACING, i] = (table[FACING, i] + 3) % 4
    elif action == ROTATE_RIGHT:
        table[FACING, i] = (table[FACING, i] + 1) % 4
    elif action < 4:
        there = table[CELL, i] + _step((table[FACING, i] + _MOVES[action]) % 4, width)
        if walls[there]:
            tally[IDLE, i] += 1
        else:
            table[CELL, i] = there
    else:
        tally[IDLE, i] += 1


@kernel()
def _step(direction: int, width: int) -> int:
    """Return how a cell's number changes in a direction."""
    if direction == 0:
        return -width
    if direction == 1:
        return 1
    return width if direction == 2 else -1


@kernel()
def rectangle(
    cell: int, facing: int, length: int, beam_width: int, stop: bool, walls: Bools, width: int, out: Index
) -> int:
    """Write the cells of a beam to ``out``; return their number.

    Parameters
    ----------
    cell, facing
        Where the agent is and looks.
    length, beam_width
        The rectangle lies at distances 1 to ``length`` ahead, ``beam_width // 2`` to both sides.
    stop
        Whether each lane ends at its first wall.
    """
    height = walls.size // width
    row, column = cell // width, cell % width
    down = (0, 0, 1, 0)[facing] - (1, 0, 0, 0)[facing]
    right = (0, 1, 0, 0)[facing] - (0, 0, 0, 1)[facing]
    count = 0
    for lane in range(-(beam_width // 2), beam_width // 2 + 1):
        for ahead in range(1, length + 1):
            # The lanes lie along the direction to the right of the facing.
            r = row + ahead * down + lane * right
            c = column + ahead * right - lane * down
            if r < 0 or r >= height or c < 0 or c >= width:
                break
            there = r * width + c
            if walls[there]:
                if stop:
                    break
                continue
            out[count] = there
            count += 1
    return count


@kernel()
def _fire(
    table: Ints,
    tally: Counts,
    i: int,
    area: Index,
    count: int,
    hits_to_tag: int,
    rewards: Floats,
    penalty: float,
) -> None:
    """Hit everyone in an area who is in the game."""
    tally[BEAMS, i] += 1
    for j in range(table.shape[1]):
        if j == i or table[TIMEOUT, j] > 0:
            continue
        for k in range(count):
            if area[k] == table[CELL, j]:
                tally[HITS_MADE, i] += 1
                rewards[j] -= penalty
                table[HITS, j] += 1
                if table[HITS, j] >= hits_to_tag:
                    table[HITS, j] = 0
                    table[TIMEOUT, j] = FREEZE
                    tally[TAGGED, j] += 1
                break


@kernel()
def _spawn(
    table: Ints, i: int, founders: int, walls: Bools, width: int, cost: float, rewards: Floats
) -> bool:
    """Let an agent spawn the next of its line on a free cell beside it, at its cost; say whether it could."""
    for j in range(i % founders, table.shape[1], founders):
        if table[CELL, j] != UNBORN:
            continue
        for turn in (0, 1, 3, 2):
            there = table[CELL, i] + _step((table[FACING, i] + turn) % 4, width)
            if not walls[there]:
                table[CELL, j] = there
                table[FACING, j] = table[FACING, i]
                table[TIMEOUT, j] = 0
                table[HITS, j] = 0
                table[LAST, j] = STAND
                rewards[i] -= cost
                return True
        return False
    return False


@kernel()
def _spread(waste: Ints, river: Index, occupied: Bools, luck: Floats) -> None:
    """Turn one clean river cell dirty, with a probability, while the density is below the threshold."""
    if waste.sum() / waste.size >= WASTE_THRESHOLD or luck[0] >= WASTE_PROBABILITY:
        return
    clean = 0
    for k in range(waste.size):
        if waste[k] == 0 and not occupied[river[k]]:
            clean += 1
    chosen = int(luck[1] * clean)
    for k in range(waste.size):
        if waste[k] == 0 and not occupied[river[k]]:
            if chosen == 0:
                waste[k] = 1
                return
            chosen -= 1


@kernel()
def _grow(
    table: Ints, apples: Ints, waste: Ints, river: Index, cells: Index, luck: Floats, size: int
) -> None:
    """Let waste appear in Cleanup, then apples: the more, the cleaner the river, and where nobody stands."""
    occupied = np.zeros(size, dtype=np.bool_)
    for i in range(table.shape[1]):
        if table[CELL, i] >= 0:
            occupied[table[CELL, i]] = True
    _spread(waste, river, occupied, luck)
    density = waste.sum() / waste.size
    chance = GROWTH_PROBABILITY * (1.0 - density / WASTE_THRESHOLD) if density < WASTE_THRESHOLD else 0.0
    for k in range(apples.size):
        if apples[k] > 0 and not occupied[cells[k]] and luck[2 + k] < chance:
            apples[k] = 0


@kernel()
def step(
    cleanup: bool,
    number: int,
    actions: npt.NDArray[np.int64],
    uniforms: Floats,
    table: Ints,
    apples: Ints,
    waste: Ints,
    walls: Bools,
    width: int,
    apple_at: Index,
    apple_cells: Index,
    river: Index,
    river_at: Index,
    area: Index,
    random_priority: bool,
    stop: bool,
    rewards: Floats,
    returns: Floats,
    tally: Counts,
    eaten: Counts,
    lived: Counts,
    founders: int,
    spawn_cost: float,
) -> None:
    """Make a step of Gathering or Cleanup: timeouts fall, agents act, waste and apples grow, agents eat.

    Who is spawned takes part from the next step on.

    ``apples`` is 0 where there is one; elsewhere in Gathering the steps until it is back, in Cleanup
    `NO_APPLE`. ``waste`` is 1 where the river of Cleanup is dirty; Gathering has none.
    """
    agents = table.shape[1]
    length, beam_width, hits = GATHERING_BEAM_LENGTH, GATHERING_BEAM_WIDTH, GATHERING_HITS
    cost, penalty, empty = 0.0, 0.0, RESPAWN
    if cleanup:
        length, beam_width, hits = CLEANUP_BEAM_LENGTH, CLEANUP_BEAM_WIDTH, 1
        cost, penalty, empty = BEAM_COST, HIT_PENALTY, NO_APPLE
    rewards[:] = 0.0
    present = table[CELL] >= 0
    for i in range(agents):
        if present[i]:
            table[TIMEOUT, i] = max(table[TIMEOUT, i] - 1, 0)
            table[LAST, i] = STAND
            lived[i] += 1
    order = np.argsort(uniforms[:agents]) if random_priority else np.arange(agents)
    for i in order:
        if not present[i] or table[TIMEOUT, i] > 0:
            continue
        action = actions[i]
        table[LAST, i] = action
        if action == LEAVE:
            table[:, i] = LEFT
            continue
        if action == SPAWN:
            if not _spawn(table, i, founders, walls, width, spawn_cost, rewards):
                tally[IDLE, i] += 1
            continue
        if action != BEAM and action != CLEAN:
            _move(table, tally, i, action, walls, width)
            continue
        count = rectangle(table[CELL, i], table[FACING, i], length, beam_width, stop, walls, width, area)
        if action == BEAM:
            rewards[i] -= cost
            _fire(table, tally, i, area, count, hits, rewards, penalty)
        else:
            rewards[i] -= CLEAN_COST
            tally[CLEANINGS, i] += 1
            for k in range(count):
                where = river_at[area[k]]
                if where >= 0 and waste[where] > 0:
                    waste[where] = 0
                    tally[CLEANED, i] += 1
    if cleanup:
        _grow(table, apples, waste, river, apple_cells, uniforms[agents:], walls.size)
    else:
        for k in range(apples.size):
            apples[k] = max(apples[k] - 1, 0)
    for i in order:
        if not present[i] or table[TIMEOUT, i] != 0:
            continue
        k = apple_at[table[CELL, i]]
        if k >= 0 and apples[k] == 0:
            apples[k] = empty
            eaten[k] += 1
            tally[APPLES, i] += 1
            rewards[i] += 1.0
    for i in range(agents):
        returns[i] += rewards[i]
        tally[FROZEN, i] += table[TIMEOUT, i] > 0
        if rewards[i] > 0:
            tally[INCOME_STEPS, i] += number
            tally[INCOME_COUNT, i] += 1
