"""Pictures of an environment: text for terminals, arrays of colours for image files."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.actions import BEAM, CLEAN
from nashforge.games.dilemmas.environment import Environment

ARROWS = "^>v<"
_TURNED = (3, 2, 1, 0)
"""Where north, east, south and west point when rows become columns."""

SCALE = 12
"""Pixels of a cell's side."""

GAP = 8
"""Pixels between the pictures of a sheet."""

FRAMES = 200
"""Frames of an animation."""

_COLOURS = {
    "wall": (92, 92, 96),
    "floor": (24, 26, 30),
    "start": (24, 26, 30),
    "orchard": (34, 48, 34),
    "apple": (86, 190, 82),
    "river": (52, 110, 170),
    "waste": (134, 96, 52),
    "stream": (52, 110, 170),
    "beam": (240, 210, 80),
    "clean": (150, 220, 250),
    "out": (110, 110, 110),
}
_AGENTS = (
    (228, 86, 73), (242, 151, 66), (236, 214, 96), (172, 120, 214), (240, 140, 190),
    (94, 200, 200), (250, 250, 250), (180, 90, 120), (130, 160, 250), (200, 170, 130),
)  # fmt: skip


def kinds(environment: Environment) -> npt.NDArray[np.str_]:
    """Return what is on each cell, without agents; shape ``(height, width)``."""
    grid = environment.grid
    found = np.full(grid.cells, "floor", dtype="<U8")
    found[grid.walls] = "wall"
    found[grid.stream] = "stream"
    found[grid.apples] = np.where(environment.apples == 0, "apple", "orchard")
    if len(environment.waste):
        found[grid.river] = np.where(environment.waste > 0, "waste", "river")
    return found.reshape(grid.height, grid.width)


def agents(environment: Environment) -> list[tuple[int, int, int, int, bool]]:
    """Return number, row, column, facing and whether it is out of the game, for each agent that is there."""
    found = []
    cells, facings, timeouts = environment.table[: kernels.TIMEOUT + 1].tolist()
    for number, (cell, facing, timeout) in enumerate(zip(cells, facings, timeouts)):
        if cell >= 0:
            row, column = divmod(cell, environment.grid.width)
            found.append((number, row, column, facing, timeout > 0))
    return found


def beams(environment: Environment) -> dict[int, str]:
    """Return the cells that beams and cleaning of the last step reached, and which of the two it was."""
    from nashforge.solvers.policies.episode import beam_table

    setting = environment.setting
    found: dict[int, str] = {}
    table = beam_table(setting.game, environment.grid, setting.preset)
    for cell, facing, _, _, action in environment.table.T.tolist():
        if action in (BEAM, CLEAN):
            name = "beam" if action == BEAM else "clean"
            found |= {reached: name for reached in table[cell, facing].tolist() if reached >= 0}
    return found


def as_text(environment: Environment, turned: bool = False) -> str:
    """Return the grid as lines of signs with markup for colours (rich).

    Agents are arrows, ``x`` if out of the game; ``A`` apples, ``%`` waste, ``~`` water, ``*`` beams.

    Parameters
    ----------
    turned
        Whether rows become columns, for terminals that are too low: the first row is then at the left.
    """
    arrows = [ARROWS[facing] for facing in _TURNED] if turned else ARROWS
    signs = {"wall": "[dim]#[/]", "floor": " ", "orchard": "[dim].[/]", "apple": "[green]A[/]",
             "river": "[blue]~[/]", "waste": "[yellow]%[/]", "stream": "[blue]=[/]"}  # fmt: skip
    drawn = [[signs[kind] for kind in line] for line in kinds(environment).tolist()]
    width = environment.grid.width
    for cell, name in beams(environment).items():
        row, column = divmod(cell, width)
        drawn[row][column] = "[bold yellow]*[/]" if name == "beam" else "[bold cyan]*[/]"
    for _, row, column, facing, out in agents(environment):
        drawn[row][column] = "[dim]x[/]" if out else f"[bold red]{arrows[facing]}[/]"
    lines = zip(*drawn, strict=True) if turned else drawn
    return "\n".join("".join(line) for line in lines)


def as_pixels(environment: Environment, scale: int = SCALE) -> npt.NDArray[np.uint8]:
    """Return the grid as colours, shape ``(height * scale, width * scale, 3)``."""
    grid = environment.grid
    colours = np.zeros((grid.height, grid.width, 3), dtype=np.uint8)
    found = kinds(environment)
    for kind in np.unique(found):
        colours[found == kind] = _COLOURS[str(kind)]
    flat = colours.reshape(-1, 3)
    for cell, name in beams(environment).items():
        flat[cell] = (flat[cell] + np.array(_COLOURS[name]) * 2) // 3
    image = colours.repeat(scale, axis=0).repeat(scale, axis=1)
    # A gap between cells, so that patches can be counted.
    image[::scale] = image[::scale] * 3 // 4
    image[:, ::scale] = image[:, ::scale] * 3 // 4
    for number, row, column, facing, out in agents(environment):
        colour = _COLOURS["out"] if out else _AGENTS[number % len(_AGENTS)]
        block = image[row * scale : (row + 1) * scale, column * scale : (column + 1) * scale]
        block[_arrow(scale, facing)] = colour
    return image


def _arrow(size: int, facing: int) -> npt.NDArray[np.bool_]:
    """Return the shape of an agent: a triangle that points where it faces."""
    down, right = np.mgrid[0:size, 0:size]
    margin = max(size // 8, 1)
    inside = (down >= margin) & (down < size - margin)
    shape = inside & (abs(right - (size - 1) / 2) <= (down - margin + 1) / 2)
    return np.rot90(shape, -facing)


class Recorder:
    """Keeps pictures of an episode, spread evenly over its steps; to be called after each of them.

    Parameters
    ----------
    horizon
        Steps of the episode.
    most
        So many pictures are kept, and the last.
    scale
        Pixels of a cell's side.

    Attributes
    ----------
    frames : list of ndarray
        As `as_pixels` returns them; the last shows the end of the episode.
    """

    def __init__(self, horizon: int, most: int = FRAMES, scale: int = SCALE) -> None:
        self.frames: list[npt.NDArray[np.uint8]] = []
        self._every = -(-horizon // most)
        self._scale = scale

    def __call__(self, environment: Environment) -> None:
        """Keep a picture if it is time for one."""
        if environment.step_number % self._every == 0 or environment.done:
            self.frames.append(as_pixels(environment, self._scale))


def save(frames: Sequence[npt.NDArray[np.uint8]], path: str | Path, seconds: float = 0.08) -> None:
    """Write frames as an animated GIF, or six of them side by side if the path ends in ``.png``.

    Parameters
    ----------
    seconds
        Time that each frame is shown.

    Raises
    ------
    ValueError
        If the path has another ending.
    OSError
        If it cannot be written.
    """
    # Comes with matplotlib.
    images: Any = import_module("PIL.Image")
    ending = Path(path).suffix.lower()
    if ending == ".gif":
        # One palette for all frames: the colours are few.
        first = images.fromarray(np.concatenate([frames[0], frames[-1]])).quantize(64)
        shown = [images.fromarray(frame).quantize(palette=first, dither=0) for frame in frames]
        duration = max(round(seconds * 1000), 20)
        shown[0].save(path, save_all=True, append_images=shown[1:], duration=duration, loop=0, optimize=False)
    elif ending == ".png":
        chosen = [frames[round(k)] for k in np.linspace(0, len(frames) - 1, min(6, len(frames)))]
        height, width, _ = chosen[0].shape
        columns = min(len(chosen), 6 if height > width else 2)
        sheet = np.full(
            (-(-len(chosen) // columns) * (height + GAP), columns * (width + GAP), 3), 255, np.uint8
        )
        for number, frame in enumerate(chosen):
            down, right = number // columns * (height + GAP), number % columns * (width + GAP)
            sheet[down : down + height, right : right + width] = frame
        images.fromarray(sheet[:-GAP, :-GAP]).save(path)
    else:
        raise ValueError(f"{path} is neither a .gif nor a .png file; choose one of these endings")
