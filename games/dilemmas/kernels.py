# mypy: disallow-untyped-decorators=False
"""The compiled steps of Gathering and Cleanup, and what they share: moving, beams, eating.

All randomness of a step comes in as uniform numbers, the same number of them whatever agents do, so that two
policies with one seed meet the same luck.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.games.dilemmas.actions import BEAM, CLEAN, ROTATE_LEFT, ROTATE_RIGHT, STAND
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

APPLES, BEAMS, HITS_MADE, TAGGED, CLEANINGS, CLEANED, IDLE, FROZEN, INCOME_STEPS, INCOME_COUNT = range(10)
"""Rows of the tally: apples eaten, beams fired, hits on others, times tagged, cleanings, cells cleaned, idle
steps, steps out of the game, sum and number of the steps with a positive reward."""

TALLY_ROWS = 10

_MOVES = np.array([0, 2, 3, 1])
"""Direction of forward, backward, step left and step right, relative to the facing."""


@kernel()
def _order(uniforms: Floats, agents: int, random_priority: bool) -> npt.NDArray[np.int64]:
    """Return in which order agents act and eat in this step."""
    return np.argsort(uniforms[:agents]) if random_priority else np.arange(agents)


@kernel()
def _begin(table: Ints, tally: Counts) -> None:
    """Let the counters of tagged agents fall."""
    for i in range(table.shape[1]):
        if table[TIMEOUT, i] > 0:
            table[TIMEOUT, i] -= 1
        table[LAST, i] = STAND


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
def _eat(
    table: Ints,
    tally: Counts,
    order: npt.NDArray[np.int64],
    apples: Ints,
    apple_at: Index,
    eaten: Counts,
    empty: int,
    rewards: Floats,
) -> None:
    """Let everyone in the game eat the apple under them; ``empty`` is how an eaten one is marked."""
    for i in order:
        k = apple_at[table[CELL, i]]
        if table[TIMEOUT, i] == 0 and k >= 0 and apples[k] == 0:
            apples[k] = empty
            eaten[k] += 1
            tally[APPLES, i] += 1
            rewards[i] += 1.0


@kernel()
def _end(table: Ints, tally: Counts, rewards: Floats, returns: Floats, step: int) -> None:
    """Add the step to the episode's totals."""
    for i in range(table.shape[1]):
        returns[i] += rewards[i]
        if table[TIMEOUT, i] > 0:
            tally[FROZEN, i] += 1
        if rewards[i] > 0:
            tally[INCOME_STEPS, i] += step
            tally[INCOME_COUNT, i] += 1


@kernel()
def gathering_step(
    step: int,
    actions: npt.NDArray[np.int64],
    uniforms: Floats,
    table: Ints,
    apples: Ints,
    walls: Bools,
    width: int,
    apple_at: Index,
    area: Index,
    random_priority: bool,
    stop: bool,
    rewards: Floats,
    returns: Floats,
    tally: Counts,
    eaten: Counts,
) -> None:
    """Timeouts fall, actions, respawn, eating. ``apples`` holds the steps until each is back (0: there)."""
    agents = table.shape[1]
    rewards[:] = 0.0
    _begin(table, tally)
    order = _order(uniforms, agents, random_priority)
    for i in order:
        if table[TIMEOUT, i] > 0:
            continue
        table[LAST, i] = actions[i]
        if actions[i] == BEAM:
            count = rectangle(
                table[CELL, i],
                table[FACING, i],
                GATHERING_BEAM_LENGTH,
                GATHERING_BEAM_WIDTH,
                stop,
                walls,
                width,
                area,
            )
            _fire(table, tally, i, area, count, GATHERING_HITS, rewards, 0.0)
        else:
            _move(table, tally, i, actions[i], walls, width)
    for k in range(apples.size):
        if apples[k] > 0:
            apples[k] -= 1
    _eat(table, tally, order, apples, apple_at, eaten, RESPAWN, rewards)
    _end(table, tally, rewards, returns, step)


@kernel()
def cleanup_step(
    step: int,
    actions: npt.NDArray[np.int64],
    uniforms: Floats,
    table: Ints,
    apples: Ints,
    waste: Ints,
    walls: Bools,
    width: int,
    apple_at: Index,
    river: Index,
    river_at: Index,
    apple_cells: Index,
    area: Index,
    random_priority: bool,
    stop: bool,
    rewards: Floats,
    returns: Floats,
    tally: Counts,
    eaten: Counts,
) -> None:
    """Timeouts fall, actions, waste, apples, eating.

    ``apples`` is 0 where there is one and `NO_APPLE` elsewhere, ``waste`` is 1 where the river is dirty.
    """
    agents = table.shape[1]
    rewards[:] = 0.0
    _begin(table, tally)
    order = _order(uniforms, agents, random_priority)
    for i in order:
        if table[TIMEOUT, i] > 0:
            continue
        action = actions[i]
        table[LAST, i] = action
        if action != BEAM and action != CLEAN:
            _move(table, tally, i, action, walls, width)
            continue
        count = rectangle(
            table[CELL, i],
            table[FACING, i],
            CLEANUP_BEAM_LENGTH,
            CLEANUP_BEAM_WIDTH,
            stop,
            walls,
            width,
            area,
        )
        if action == BEAM:
            rewards[i] -= BEAM_COST
            _fire(table, tally, i, area, count, 1, rewards, HIT_PENALTY)
        else:
            rewards[i] -= CLEAN_COST
            tally[CLEANINGS, i] += 1
            for k in range(count):
                where = river_at[area[k]]
                if where >= 0 and waste[where] > 0:
                    waste[where] = 0
                    tally[CLEANED, i] += 1
    occupied = np.zeros(walls.size, dtype=np.bool_)
    for i in range(agents):
        occupied[table[CELL, i]] = True
    luck = uniforms[agents:]
    _spread(waste, river, occupied, luck)
    density = waste.sum() / waste.size
    chance = GROWTH_PROBABILITY * (1.0 - density / WASTE_THRESHOLD) if density < WASTE_THRESHOLD else 0.0
    for k in range(apples.size):
        if apples[k] > 0 and not occupied[apple_cells[k]] and luck[2 + k] < chance:
            apples[k] = 0
    _eat(table, tally, order, apples, apple_at, eaten, NO_APPLE, rewards)
    _end(table, tally, rewards, returns, step)


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
