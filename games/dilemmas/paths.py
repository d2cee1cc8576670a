# mypy: disallow-untyped-decorators=False
"""Shortest paths between all cells of a map. Only walls block, so they never change."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.games.dilemmas.maps import GridMap, MapError

UNREACHABLE = 32767


@dataclass(frozen=True, eq=False)
class Paths:
    """Tables of a map.

    Attributes
    ----------
    distance : ndarray of int16, shape (cells, cells)
        Moves from one cell to another; `UNREACHABLE` where there is no way (walls, for example).
    first : ndarray of int8, shape (cells, cells)
        Direction of the first move of a shortest path (0 north, 1 east, 2 south, 3 west; the lowest number
        of several); -1 where there is none to make.
    """

    distance: npt.NDArray[np.int16]
    first: npt.NDArray[np.int8]


_shared: weakref.WeakKeyDictionary[GridMap, Paths] = weakref.WeakKeyDictionary()


def paths(grid: GridMap) -> Paths:
    """Return the tables of a map, computed once for as long as the map is in use.

    Raises
    ------
    MapError
        If a cell that matters cannot be reached from every place to start from.
    """
    found = _shared.get(grid)
    if found is None:
        distance, first = shortest(grid.walls, grid.width)
        for cells, what in ((grid.apples, "apple"), (grid.river, "river cell"), (grid.starts, "start")):
            away = cells[(distance[np.ix_(grid.starts, cells)] == UNREACHABLE).any(axis=0)]
            if len(away):
                row, column = divmod(int(away[0]), grid.width)
                raise MapError(
                    f"the {what} in row {row}, column {column} of the map {grid.name} cannot be reached from "
                    "every start; open a way"
                )
        distance.flags.writeable = first.flags.writeable = False
        found = _shared[grid] = Paths(distance, first)
    return found


@kernel()
def shortest(walls: npt.NDArray[np.bool_], width: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int8]]:
    """Return distances and first directions between all cells, by breadth-first search from each."""
    cells = walls.size
    steps = np.array([-width, 1, width, -1])
    distance = np.full((cells, cells), UNREACHABLE, dtype=np.int16)
    first = np.full((cells, cells), -1, dtype=np.int8)
    queue = np.empty(cells, dtype=np.int64)
    for target in range(cells):
        if walls[target]:
            continue
        distance[target, target] = 0
        queue[0] = target
        head, tail = 0, 1
        while head < tail:
            here = queue[head]
            head += 1
            for step in steps:
                there = here + step
                if not walls[there] and distance[there, target] == UNREACHABLE:
                    distance[there, target] = distance[here, target] + 1
                    queue[tail] = there
                    tail += 1
        for k in range(1, tail):
            here = queue[k]
            for direction in range(4):
                there = here + steps[direction]
                if not walls[there] and distance[there, target] == distance[here, target] - 1:
                    first[here, target] = direction
                    break
    return distance, first
