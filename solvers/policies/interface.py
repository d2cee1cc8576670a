"""The interface of evolvable policies: observations, and the helpers they may use.

A policy is a module with one function, ``act(observation, memory) -> action``. Every agent runs a copy of the
module of its own and keeps what it wants to remember in ``memory``, a dictionary that is empty at the start
of an episode. Agents that are out of the game are not asked. Everything here is immutable.

Where agents may `SPAWN` and `LEAVE`, ``world.agents`` is how many may ever play; in lists of agents, -1
stands for who was not spawned yet (or is outside the view), -2 for who has left for good.

Cells are numbered row by row: ``cell = row * world.width + column``. Directions are 0 north, 1 east, 2 south,
3 west. Arrays may be indexed by cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas.actions import (
    BACKWARD,
    BEAM,
    CLEAN,
    FORWARD,
    LEAVE,
    MOVE_TOWARDS,
    ROTATE_LEFT,
    ROTATE_RIGHT,
    SPAWN,
    STAND,
    STEP_LEFT,
    STEP_RIGHT,
)

__all__ = [
    "BACKWARD",
    "BEAM",
    "CLEAN",
    "FORWARD",
    "LEAVE",
    "ROTATE_LEFT",
    "ROTATE_RIGHT",
    "SPAWN",
    "STAND",
    "STEP_LEFT",
    "STEP_RIGHT",
    "Memory",
    "Observation",
    "World",
    "beam_cells",
    "cleaning_spot",
    "column",
    "dirtiest_facing",
    "dirty_ahead",
    "distances",
    "mask",
    "may_spawn",
    "nearest",
    "present",
    "row",
    "soonest",
    "step_toward",
    "targets_ahead",
    "territory",
    "turn_toward",
    "unclaimed",
]

Cells: TypeAlias = npt.NDArray[np.int32]
Ints: TypeAlias = npt.NDArray[np.int16]
Bools: TypeAlias = npt.NDArray[np.bool_]
Memory: TypeAlias = dict[str, Any]

_TURNS = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
"""How many turns it takes from one facing to another."""

_TURNS.flags.writeable = False


class World(NamedTuple):
    """The parts of an observation that never change in an episode.

    Attributes
    ----------
    agents, horizon
        Number of agents (where they spawn and leave: that may ever play), steps of the episode.
    height, width
        Of the map.
    walls
        Whether a cell is a wall, shape ``(cells,)``.
    apple_cells
        Where apples grow, shape ``(apple cells,)``.
    river_cells
        Where waste appears (Cleanup; empty in Gathering).
    distance
        Moves of a shortest path between two cells, shape ``(cells, cells)``; 32767 where there is none.
    first
        Direction of its first move; -1 where there is none to make.
    beam
        Cells that a beam (and cleaning) reaches from a cell in a direction, shape ``(cells, 4, reach)``,
        padded with -1.
    reached_from
        The inverse, shape ``(cells, 4 * reach)``: every ``4 * cell + direction`` from which a beam reaches a
        cell, padded with ``4 * cells``.
    founders
        Agents at the start; agent k is of the line of founder ``k % founders``.
    spawn_cost
        What a child costs; None where nobody spawns or leaves.
    """

    agents: int
    horizon: int
    height: int
    width: int
    walls: Bools
    apple_cells: Cells
    river_cells: Cells
    distance: Ints
    first: npt.NDArray[np.int8]
    beam: Ints
    reached_from: Ints
    founders: int
    spawn_cost: int | None


class Observation(NamedTuple):
    """An agent's observation before it acts. What lies outside a restricted view is -1, or absent from lists.

    Attributes
    ----------
    world
        What never changes.
    step
        From 0.
    agent
        The agent's own number, from 0.
    cell, facing
        Where the agent is and looks.
    apples
        Cells with an apple, shape ``(apples,)``.
    waits
        For each of ``world.apple_cells`` the steps until its apple is back, 0 where it is there. In Cleanup,
        where regrowth is random, 99 stands for an empty cell.
    waste
        Dirty river cells.
    dirty
        Whether a cell is dirty, shape ``(cells,)``.
    density
        Share of the river that is dirty (of what is in view).
    cells, facings
        Of all agents, shape ``(agents,)``.
    timeouts
        Steps for which each agent is still out of the game.
    hits
        Hits each agent has taken since it was last tagged.
    last_actions
        What each agent did in the step before.
    chance
        A uniform random number in [0, 1) for this agent and step.
    """

    world: World
    step: int
    agent: int
    cell: int
    facing: int
    apples: Cells
    waits: Ints
    waste: Cells
    dirty: Bools
    density: float
    cells: Ints
    facings: Ints
    timeouts: Ints
    hits: Ints
    last_actions: Ints
    chance: float


def row(observation: Observation, cell: int) -> int:
    """Return the row of a cell."""
    return int(cell) // observation.world.width


def column(observation: Observation, cell: int) -> int:
    """Return the column of a cell."""
    return int(cell) % observation.world.width


def distances(observation: Observation, cells: npt.ArrayLike) -> Ints:
    """Return how many moves each of some cells is away from the agent."""
    found: Ints = observation.world.distance[observation.cell][cells]
    return found


def nearest(observation: Observation, cells: Cells) -> int | None:
    """Return the cell that takes the fewest moves to reach; None if there are no cells."""
    if not len(cells):
        return None
    return int(cells[observation.world.distance[observation.cell][cells].argmin()])


def soonest(observation: Observation, places: npt.NDArray[Any] | None = None) -> int | None:
    """Return the cell where the agent can have an apple first, counting the way and the wait for it.

    Parameters
    ----------
    places
        Indices into ``world.apple_cells`` to choose from; default all. None is returned if there are none.
    """
    cells, waits = observation.world.apple_cells, observation.waits
    if places is not None:
        cells, waits = cells[places], waits[places]
    if not len(cells):
        return None
    away = observation.world.distance[observation.cell][cells]
    return int(cells[(np.maximum(away, waits) * 64 + away).argmin()])


def step_toward(observation: Observation, cell: int | None) -> int:
    """Return the move that begins a shortest path to a cell; STAND if the agent is there or it is None."""
    if cell is None:
        return STAND
    direction = int(observation.world.first[observation.cell, cell])
    return STAND if direction < 0 else MOVE_TOWARDS[(direction - observation.facing) % 4]


def turn_toward(observation: Observation, direction: int) -> int:
    """Return the turn that brings the agent closer to facing a direction; STAND if it does already."""
    return (STAND, ROTATE_RIGHT, ROTATE_RIGHT, ROTATE_LEFT)[(direction - observation.facing) % 4]


def beam_cells(observation: Observation, facing: int | None = None) -> Ints:
    """Return the cells that a beam or cleaning would reach, facing as now or otherwise."""
    facing = observation.facing if facing is None else facing
    cells: Ints = observation.world.beam[observation.cell, facing]
    reached: Ints = cells[cells >= 0]
    return reached


def targets_ahead(observation: Observation, facing: int | None = None) -> list[int]:
    """Return the agents in the game whom a beam would hit, facing as now or otherwise."""
    reached = set(beam_cells(observation, facing).tolist())
    agents = zip(observation.cells.tolist(), observation.timeouts.tolist())
    return [
        k for k, (cell, out) in enumerate(agents) if out == 0 and cell in reached and k != observation.agent
    ]


def dirty_ahead(observation: Observation, facing: int | None = None) -> int:
    """Return how many dirty cells cleaning would clear, facing as now or otherwise."""
    facing = observation.facing if facing is None else facing
    # Padding (-1) is the last cell, a wall, which is never dirty.
    return int(np.count_nonzero(observation.dirty[observation.world.beam[observation.cell, facing]]))


def dirtiest_facing(observation: Observation) -> tuple[int, int]:
    """Return the facing in which cleaning from here would clear most, and how many cells."""
    counts = np.count_nonzero(observation.dirty[observation.world.beam[observation.cell]], axis=1).tolist()
    # Of equals, the one that takes the fewest turns.
    best = max(range(4), key=lambda f: (counts[f], -((f - observation.facing) % 2), f == observation.facing))
    return best, counts[best]


def cleaning_spot(observation: Observation, delay: float = 1.0) -> tuple[int, int, int]:
    """Return from where to clean next: the spot that clears most cells per step spent on getting there.

    Parameters
    ----------
    delay
        Steps that cleaning itself counts for; the larger, the farther one goes for more.

    Returns
    -------
    tuple of int
        Cell, facing, and how many dirty cells cleaning from there would clear.
    """
    world = observation.world
    spots = np.bincount(world.reached_from[observation.waste].ravel(), minlength=4 * len(world.walls) + 1)
    counts = spots[:-1].reshape(-1, 4)
    effort = world.distance[observation.cell][:, None] + _TURNS[observation.facing] + max(delay, 0.01)
    cell, facing = divmod(int((counts / effort).argmax()), 4)
    return cell, facing, int(counts[cell, facing])


def unclaimed(observation: Observation, cells: Cells, agents: npt.ArrayLike | None = None) -> Cells:
    """Return those cells that the agent reaches before any other; of equals, the lowest number is first.

    Parameters
    ----------
    agents
        Who claims cells: numbers, or a flag for each agent. Default all that are in the game and in view.
    """
    if not len(cells):
        return cells
    where = observation.cells
    others = (observation.timeouts == 0) & (where >= 0) if agents is None else np.asarray(agents)
    numbers = np.flatnonzero(others) if others.dtype == bool else others
    if observation.agent not in numbers:
        numbers = np.sort(np.append(numbers, observation.agent))
    away = observation.world.distance[where[numbers][:, None], cells]
    own: Cells = cells[numbers[away.argmin(axis=0)] == observation.agent]
    return own


def present(observation: Observation) -> npt.NDArray[np.int64]:
    """Return the numbers of the agents that are there, and in view."""
    return np.flatnonzero(observation.cells >= 0)


def may_spawn(observation: Observation) -> bool:
    """Whether it is the agent's turn to spawn: the first of those there whose line has room for a child."""
    if observation.world.spawn_cost is None:
        return False
    founders = observation.world.founders
    roomy = np.unique(np.flatnonzero(observation.cells == -1) % founders)
    able = present(observation)
    able = able[np.isin(able % founders, roomy)]
    return len(able) > 0 and int(able[0]) == observation.agent


def mask(world: World, cells: npt.ArrayLike) -> Bools:
    """Return whether each cell of the map is one of some cells, shape ``(cells,)``."""
    inside = np.zeros(len(world.walls), dtype=bool)
    inside[np.asarray(cells)] = True
    return inside


def territory(world: World, part: int, parts: int, bands: int = 1) -> npt.NDArray[np.int64]:
    """Return one of so many equal shares of the places where apples grow.

    The map is cut into horizontal bands, which are gone through as by a plough: the first from left to right,
    the next from right to left. Shares are contiguous on this way.

    Parameters
    ----------
    part, parts
        Which share, of how many.
    bands
        Number of bands.

    Returns
    -------
    ndarray of int64
        Indices into ``world.apple_cells``.
    """
    rows, columns = np.divmod(world.apple_cells, world.width)
    band = rows * max(int(bands), 1) // world.height
    along = np.where(band % 2 == 0, columns, world.width - columns)
    order = np.lexsort((rows, along, band))
    parts = max(int(parts), 1)
    return np.sort(np.array_split(order, parts)[int(part) % parts])
