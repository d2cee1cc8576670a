"""Maps: ASCII files, ours by name or any file of the user's.

``#`` wall, ``.`` floor, ``P`` where agents may start, ``A`` where apples grow; in Cleanup also ``~`` clean
and ``%`` dirty river and ``=`` stream. Lines that begin with ``;`` are comments.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameError
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_text

SUFFIX = ".txt"
MOST_CELLS = 4096
"""Largest map; the tables of shortest paths grow with the square."""

Cells = npt.NDArray[np.int32]

_SYMBOLS = {"#": "wall", ".": "floor", "P": "start", "A": "apple", "~": "river", "%": "waste", "=": "stream"}


class MapError(GameError):
    """A map that does not exist or cannot be played on."""


@dataclass(frozen=True, eq=False)
class GridMap:
    """A map; cells are numbered row by row (``row * width + column``).

    Attributes
    ----------
    name : str
        As it was asked for.
    walls : ndarray of bool, shape (height * width,)
        Which cells are walls.
    starts, apples, river, stream : ndarray of int32
        Cells, in ascending order.
    dirty : ndarray of bool, shape (len(river),)
        Which river cells are dirty at the start.
    """

    name: str
    height: int
    width: int
    walls: npt.NDArray[np.bool_]
    starts: Cells
    apples: Cells
    river: Cells
    stream: Cells
    dirty: npt.NDArray[np.bool_]

    @property
    def cells(self) -> int:
        """Number of cells, walls included."""
        return self.height * self.width

    @property
    def digest(self) -> str:
        """Hash of what is drawn: maps of equal digests are the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def text(self) -> str:
        """The map as a file has it, without comments."""
        signs = np.full(self.cells, ".")
        signs[self.walls] = "#"
        for cells, sign in ((self.starts, "P"), (self.apples, "A"), (self.stream, "=")):
            signs[cells] = sign
        signs[self.river] = np.where(self.dirty, "%", "~")
        rows = signs.reshape(self.height, self.width)
        return "\n".join("".join(row) for row in rows) + "\n"


def map_names() -> tuple[str, ...]:
    """Return the names of the maps that come with the package."""
    files = resources.files(__package__).joinpath("maps").iterdir()
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX)))


def is_file(name_or_path: str) -> bool:
    """Whether a map is a file of the user's: text with a ``/`` or a ``.`` is taken for a path."""
    return "/" in name_or_path or "." in name_or_path


def load_map(name_or_path: str) -> GridMap:
    """Load a map of the package by name, or the user's own from a file.

    The same map is one object, until its file changes.

    Parameters
    ----------
    name_or_path
        A name of `map_names`, or a path; see `is_file`.

    Raises
    ------
    MapError
        If there is no such map, the file cannot be read or the map cannot be played on.
    """
    if not is_file(name_or_path):
        return _own(name_or_path)
    try:
        known = Path(name_or_path).expanduser().stat()
    except (OSError, RuntimeError, ValueError):  # told by whoever reads it
        return _read(name_or_path, None)
    return _read(name_or_path, (known.st_mtime_ns, known.st_size, known.st_ino))


@lru_cache(maxsize=64)
def _own(name: str) -> GridMap:
    if name not in map_names():
        raise MapError(
            f"there is no map {name!r}; {choice(name, map_names())} (your own map is the path of a file)"
        )
    file = resources.files(__package__).joinpath("maps", name + SUFFIX)
    return parse_map(file.read_text("utf-8"), name)


@lru_cache(maxsize=64)
def _read(name_or_path: str, version: tuple[int, int, int] | None) -> GridMap:
    """Return the map of a file; the version says when to read it again."""
    try:
        text = read_text(name_or_path)
    except TextError as error:
        raise MapError(f"the map {name_or_path} {error}") from error
    return parse_map(text, name_or_path)


def parse_map(text: str, name: str = "map") -> GridMap:
    """Return the map that a text draws.

    Raises
    ------
    MapError
        Naming the row and column of what is wrong: rows of different lengths, an unknown sign, a border that
        is not closed, or something missing.
    """
    rows = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith(";")]
    if not rows:
        raise MapError(f"the map {name} is empty; draw it with {' '.join(_SYMBOLS)}")
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) != width:
            raise MapError(
                f"row {number} of the map {name} has {len(row)} signs, but the first has {width}; make "
                "them equal"
            )
        for column, sign in enumerate(row):
            if sign not in _SYMBOLS:
                raise MapError(
                    f"the map {name} has {sign!r} in row {number}, column {column}; use only "
                    f"{' '.join(_SYMBOLS)}"
                )
    signs = np.array([list(row) for row in rows])
    if signs.size > MOST_CELLS:
        raise MapError(f"the map {name} has {signs.size} cells, but may have at most {MOST_CELLS}")
    border = np.ones(signs.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    open_border = np.argwhere(border & (signs != "#"))
    if len(open_border):
        at = open_border[0]
        raise MapError(
            f"the map {name} is open in row {at[0]}, column {at[1]}; close it: the border must be walls (#)"
        )
    flat = signs.ravel()
    river = _where(flat, "~%")
    made = GridMap(
        name=name,
        height=signs.shape[0],
        width=width,
        walls=_frozen(flat == "#"),
        starts=_where(flat, "P"),
        apples=_where(flat, "A"),
        river=river,
        stream=_where(flat, "="),
        dirty=_frozen(flat[river] == "%"),
    )
    for cells, sign, what in ((made.starts, "P", "cell to start from"), (made.apples, "A", "apple")):
        if not len(cells):
            raise MapError(f"the map {name} has no {what}; draw at least one {sign}")
    return made


def _where(signs: npt.NDArray[np.str_], wanted: str) -> Cells:
    return _frozen(np.flatnonzero(np.isin(signs, list(wanted))).astype(np.int32))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
