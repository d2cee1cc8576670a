"""SEARCH/REPLACE blocks: found in a reply, and applied to a program even where they fit only roughly."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SEARCH = re.compile(r"\s*<{4,10} ?SEARCH\b.*")
_DIVIDER = re.compile(r"\s*={4,10}\s*")
_REPLACE = re.compile(r"\s*>{4,10} ?REPLACE\b.*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\S*\s*")


@dataclass(frozen=True)
class Hunk:
    """One block: lines to be found, and the lines to stand in their place."""

    search: tuple[str, ...]
    replace: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(["<<<<<<< SEARCH", *self.search, "=======", *self.replace, ">>>>>>> REPLACE"])


class EditError(ValueError):
    """A block cannot be applied.

    Attributes
    ----------
    hunk : str
        The block, or as much as there is of it.
    """

    def __init__(self, reason: str, hunk: str) -> None:
        super().__init__(reason)
        self.hunk = hunk


def find_hunks(text: str) -> list[Hunk]:
    """Return the blocks of a reply, from top to bottom.

    Raises
    ------
    EditError
        If a block is begun and not ended.
    """
    hunks: list[Hunk] = []
    search: list[str] = []
    replace: list[str] = []
    part: list[str] | None = None
    for line in text.split("\n"):
        if _SEARCH.fullmatch(line) and part is not search:
            if part is replace:
                raise EditError("a block has no line '>>>>>>> REPLACE'", _begun(search, replace))
            search, replace = [], []
            part = search
        elif part is search and _DIVIDER.fullmatch(line):
            part = replace
        elif part is replace and _REPLACE.fullmatch(line):
            hunks.append(Hunk(_trimmed(search), _trimmed(replace)))
            part = None
        elif part is not None:
            part.append(line)
    if part is not None:
        raise EditError("the last block is not finished", _begun(search, replace))
    return hunks


def _begun(search: Sequence[str], replace: Sequence[str]) -> str:
    return "\n".join(["<<<<<<< SEARCH", *search, "=======", *replace])


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without blank ones, or a fence, at both ends."""
    start, end = 0, len(lines)
    if end - start >= 2 and _FENCE.fullmatch(lines[start]) and _FENCE.fullmatch(lines[end - 1]):
        start, end = start + 1, end - 1
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return tuple(line.rstrip() for line in lines[start:end])


def apply_hunks(source: str, hunks: Sequence[Hunk]) -> tuple[str, tuple[str, ...]]:
    """Return a program with blocks applied in order, and remarks on those that did not fit exactly.

    A block is looked for exactly (but for spaces at line ends), then with another indentation, then with
    other spacing, then within a line. Where it occurs several times, the first place below the block before
    is taken.

    Raises
    ------
    EditError
        If a block is found nowhere; says which lines come nearest.
    """
    lines = [line.rstrip() for line in source.split("\n")]
    remarks: list[str] = []
    below = 0
    for hunk in hunks:
        if not hunk.search:
            raise EditError("the SEARCH part of a block is empty; copy the lines to be replaced", str(hunk))
        found, how = _places(lines, hunk.search)
        if not found:
            within = _within_a_line(lines, hunk)
            if within is None:
                raise EditError(_not_found(lines, hunk.search), str(hunk))
            lines[within] = lines[within].replace(hunk.search[0].strip(), "\n".join(hunk.replace).strip())
            lines = "\n".join(lines).split("\n")
            below = within + len(hunk.replace)
            continue
        at = next((place for place in found if place >= below), found[0])
        if len(found) > 1:
            remarks.append(f"a block matched {len(found)} times; it was applied at line {at + 1}")
        if how:
            remarks.append(how)
        shift = _indent(lines[at]) - _indent(hunk.search[0])
        tabs = any(line.startswith("\t") for line in lines)
        new = [_shifted(line if tabs else _spaced(line), shift) for line in hunk.replace]
        lines[at : at + len(hunk.search)] = new
        below = at + len(new)
    return "\n".join(lines).rstrip("\n") + "\n", tuple(remarks)


def _places(lines: Sequence[str], search: Sequence[str]) -> tuple[list[int], str | None]:
    """Return where lines occur, and how they had to be read."""
    ways: tuple[tuple[Callable[[Sequence[str]], list[str]], str | None], ...] = (
        (list, None),
        (_dedented, "a block had another indentation than the program"),
        (_squeezed, "a block had other spacing than the program"),
    )
    size = len(search)
    for read, how in ways:
        wanted = read(search)
        # Only places whose first line fits are worth reading whole.
        first = wanted[0].strip().replace(" ", "")
        found = [
            at
            for at in range(len(lines) - size + 1)
            if lines[at].strip().replace(" ", "") == first and read(lines[at : at + size]) == wanted
        ]
        if found:
            return found, how
    return [], None


def _dedented(lines: Sequence[str]) -> list[str]:
    least = min((_indent(line) for line in lines if line), default=0)
    return [line.expandtabs(4)[least:] for line in lines]


def _squeezed(lines: Sequence[str]) -> list[str]:
    return ["".join(line.split()) for line in lines]


def _indent(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip(" "))


def _spaced(line: str) -> str:
    """Return a line that is indented by spaces, for programs that are."""
    code = line.lstrip()
    return line[: len(line) - len(code)].expandtabs(4) + code


def _shifted(line: str, by: int) -> str:
    if not line or by == 0:
        return line
    wide = line.expandtabs(4)
    return " " * by + wide if by > 0 else wide[min(-by, _indent(wide)) :]


def _within_a_line(lines: Sequence[str], hunk: Hunk) -> int | None:
    """Return the one line that contains a search of a single line."""
    if len(hunk.search) != 1:
        return None
    wanted = hunk.search[0].strip()
    found = [at for at, line in enumerate(lines) if wanted in line]
    return found[0] if len(found) == 1 and lines[found[0]].count(wanted) == 1 else None


def _not_found(lines: Sequence[str], search: Sequence[str]) -> str:
    """Return which line of a search is not where the search fits best, and what stands there."""
    wanted, present = ([line.strip() for line in each] for each in (search, lines))
    at = max(range(len(present)), key=lambda place: _fit(present[place:], wanted), default=0)
    if _fit(present[at:], wanted):
        there = [*present[at : at + len(wanted)], *[""] * len(wanted)]
        line, instead = next(pair for pair in zip(wanted, there, strict=False) if pair[0] != pair[1])
        hint = f", where the program has: {instead}" if instead else ", where the program has an empty line"
    else:  # not a single line of it is in the program
        line = next(line for line in wanted if line)
        near = difflib.get_close_matches(line, [line for line in present if line], n=1, cutoff=0.6)
        hint = f"; the nearest line of the program is: {near[0]}" if near else ""
    return f"the SEARCH part of a block occurs nowhere in the program; it has the line: {line}{hint}"


def _fit(present: Sequence[str], wanted: Sequence[str]) -> int:
    """Return how many lines of a search stand in their places, blank ones left out."""
    return sum(bool(line) and line == there for line, there in zip(wanted, present, strict=False))
