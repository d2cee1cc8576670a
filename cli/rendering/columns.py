"""Tables on the screen: names and numbers are whole, however narrow it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Column, Table

GAP = 2
"""Characters between two columns."""

LEAST = 12
"""Width of a first column that is folded, and of one that takes what others leave, at least."""


def print_table(screen: Console, whole: Table, *, in_parts: bool = True) -> None:
    """Print a table that is `fitted` to the screen."""
    for part in fitted(whole, screen.width, in_parts=in_parts):
        screen.print(part)


def fitted(whole: Table, width: int, *, in_parts: bool = True) -> list[RenderableType]:
    """Return what shows a table on so wide a screen, so that neither a name nor a number is broken in two.

    Text is wrapped between its words first. What is too wide even so comes in parts, each with the first
    column, which is folded where it is over half as wide as the screen, or leaves the next one no room.

    Parameters
    ----------
    in_parts
        Whether columns that have no room come in further parts; else their heads are named below.
    """
    first, *others = whole.columns
    room = width - 1
    key = _least(first)
    if key + GAP + sum(_least(column) + GAP for column in others) > room:
        # In parts, every column stands beside the first once; else as many as find room beside a whole name.
        beside = max(map(_least, others if in_parts else others[:1]), default=0) + GAP
        most = min(width // 2, room - beside) if in_parts else room - beside
        key = min(key, max(LEAST, most) - GAP)
    parts: list[list[Column]] = [[]]
    left: list[str] = []
    for column in others:
        used = key + GAP + sum(_least(one) + GAP for one in parts[-1])
        if not parts[-1] or used + _least(column) + GAP <= room:
            parts[-1].append(column)
        elif in_parts:
            parts.append([column])
        else:
            left.append(str(column.header))
    shown: list[RenderableType] = [f"[italic]{whole.title}[/]"] if whole.title else []
    shown += [_part(whole, [first, *part], key, room) for part in parts]
    return [*shown, f"[dim]a wider terminal shows more: {', '.join(left)}[/]"] if left else shown


def _part(whole: Table, columns: Sequence[Column], key: int, room: int) -> Table:
    """Return a table of some columns in so much room, the first of them narrower than ``key`` in no case."""
    made = output.table(*(str(column.header) for column in columns))
    made.expand = whole.expand
    widths = _widths(columns, key, room)
    for new, old, width in zip(made.columns, columns, widths, strict=True):
        new.justify, new.overflow, new.no_wrap, new.ratio = old.justify, old.overflow, old.no_wrap, old.ratio
        new.width = None if old.ratio else width
    for *cells, told in zip(*map(_cells, columns), whole.rows, strict=True):
        made.add_row(*cells, end_section=told.end_section)
    return made


def _widths(columns: Sequence[Column], key: int, room: int) -> list[int]:
    """Return the widths of columns: as they are, or the widest of them narrower until all have room."""
    least = [key, *(min(_least(column), room - key - 2 * GAP) for column in columns[1:])]
    widths = [max(low, _most(column)) for low, column in zip(least, columns, strict=True)]
    if key < _least(columns[0]):
        widths[0] = key
    over = sum(widths) + GAP * len(columns) - room
    while over > 0 and (loose := [k for k, width in enumerate(widths) if width > least[k]]):
        widths[max(loose, key=lambda k: widths[k])] -= 1
        over -= 1
    return widths


def _most(column: Column) -> int:
    """Return the width of a column whose lines are whole."""
    return LEAST if column.ratio else max(_length(line) for line in _lines(column))


def _least(column: Column) -> int:
    """Return the width to which wrapping between words brings a column; numbers stay on their line."""
    if column.ratio or column.justify == "right":
        return _most(column)
    return max(_length(word) for line in _lines(column) for word in line.split(" "))


def _lines(column: Column) -> list[str]:
    """Return the lines of a column's head and cells, without their markup."""
    told = (str(column.header), *_cells(column))
    return [line for cell in told for line in output.markup(cell).plain.split("\n")]


def _cells(column: Column) -> list[str]:
    return [str(cell) for cell in column.cells]


def _length(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
