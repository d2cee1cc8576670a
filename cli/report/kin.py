"""The family tree of a report, with the code and the change of every program in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nashforge.archive import Archive, Program, Relative, Run
from nashforge.cli.rendering import output
from nashforge.evolve.results.lineage import Family, family_of

MOST = 150
"""Programs of a tree, at most: the best, with those that they were made from."""


@dataclass(frozen=True)
class Kin:
    """A family with its code.

    Attributes
    ----------
    programs : dict
        By hash, as a page's script shows them: title, fitness, edit, parent, change and source.
    """

    family: Family[Relative]
    programs: Mapping[str, Mapping[str, str]]

    @property
    def members(self) -> list[Relative]:
        """The candidates, the best first."""
        items = [item for item in self.family.members.values() if item.train is not None]
        return sorted(items, key=lambda item: (-(item.train or 0.0), item.index))


def kin_of(archive: Archive, run: Run, most: int = MOST) -> Kin:
    """Return the family of a run."""
    family = family_of(archive, run.nickname, limit=most)
    members = family.members
    stored = archive.programs.by_hash([item.program for item in members.values() if item.program is not None])
    programs: dict[str, dict[str, str]] = {}
    for item in members.values():
        program = stored.get(item.program or "")
        if program is None or program.hash in programs:
            continue
        parent = next((members[key] for key in family.parents.get(item.id, ())), None)
        before = None if parent is None else stored.get(parent.program or "")
        programs[program.hash] = told_program(item, program, parent, before)
    return Kin(family, programs)


def told_program(item: Any, program: Program, parent: Any, before: Program | None) -> dict[str, str]:
    """Return what a report shows of a program when it is chosen.

    Parameters
    ----------
    item
        The candidate, as `nashforge.archive.Relative` or whole.
    parent, before
        The candidate that its change is told from, and the program of that; None: of none.
    """
    return {
        "title": f"{item.nickname} #{item.index}",
        "fitness": _fitness(item),
        "edit": output.visible(str(output.edit_of(item))),
        "parent": "" if parent is None else f"{parent.nickname} #{parent.index}",
        "change": "" if before is None else _change(before.source, program.source),
        "source": output.visible(program.source),
    }


def _fitness(item: Any) -> str:
    parts = ((split, getattr(item, split)) for split in ("train", "validation", "test"))
    return " · ".join(f"{split} {output.fitness(value)}" for split, value in parts)


def _change(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return output.visible("\n".join([*lines][2:]))  # the header names files, of which there are none
