"""The setting ``start``: names of the programs that a run begins with, and what is remembered of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nashforge.archive import Archive, Run

STRONGEST = "strongest"
"""Stands for the programs of the library that have the highest training fitness."""

STRONGEST_COUNT = 3
"""So many of them."""

MOST_STARTS = 20

_CHOSEN = "starts"
"""What a run remembers of its start programs, once it is known which are the strongest."""

_HASH = re.compile(r"[0-9a-f]{64}")


def is_hash(reference: str) -> bool:
    """Whether a program is named by its hash, as stored configurations name those that are of no library."""
    return _HASH.fullmatch(reference) is not None


def is_program_file(reference: str) -> bool:
    """Whether a program is named by the path of a file."""
    return not is_hash(reference) and (
        reference.endswith(".py") or "/" in reference or Path(reference).expanduser().is_file()
    )


def chosen(archive: Archive, run: Run) -> Mapping[str, list[str]]:
    """Return the setting of a run that says its start programs, if they were chosen after its creation."""
    names = archive.runs.get_value(run, _CHOSEN, None)
    return {"start": [str(name) for name in names]} if isinstance(names, list) else {}


def keep_chosen(archive: Archive, run: Run, starts: Iterable[str]) -> None:
    """Have a run remember which programs it starts from."""
    archive.runs.set_value(run, _CHOSEN, list(starts))
