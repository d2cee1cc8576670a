"""Programs beside the current one: as differences where they are close, and none of them twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nashforge.evolve.proposers.llm.context.numbers import View

LONGEST_DIFFERENCE = 0.7
"""Of the length of a program; what differs more is shown whole."""


@dataclass(frozen=True)
class Shown:
    """Another program in a prompt.

    Attributes
    ----------
    view : View
        Its name and its numbers.
    text : str
        Its source, or how it differs from the current program.
    is_difference : bool
        Which of them.
    """

    view: View
    text: str
    is_difference: bool


def shown(others: Iterable[View], parent: View, *more: View) -> list[Shown]:
    """Return other programs once each, without the current one and those that are shown in full anyway."""
    seen = {program.source for program in (parent, *more)}
    found: list[Shown] = []
    for view in others:
        if view.source not in seen:
            seen.add(view.source)
            found.append(beside(view, parent))
    return found


def beside(view: View, parent: View) -> Shown:
    """Return a program as it is shown beside the current one."""
    if view.source == parent.source:
        return Shown(view, view.source, False)
    text = difference(parent.source, view.source)
    short = len(text) <= LONGEST_DIFFERENCE * len(view.source)
    return Shown(view, text if short else view.source, short)


def difference(old: str, new: str) -> str:
    """Return how one program differs from another: a unified diff without its head, of one line around."""
    lines: Sequence[str] = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))
    return "\n".join(lines[2:])
