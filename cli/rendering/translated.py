"""Programs of an earlier interface: their translations run in their place, and people are told so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.measurement.programs import NamedProgram


def running(found: Sequence[NamedProgram], archive: Archive | None = None) -> list[NamedProgram]:
    """Return what runs when programs are named, and say on standard error where that is a translation.

    Parameters
    ----------
    archive
        Where translations are kept; None: they are not.

    Raises
    ------
    OutdatedProgramError
        If one is of an earlier interface and cannot be translated.
    """
    from nashforge.evolve.measurement.programs import playable, store

    runs = [playable(named) for named in found]
    for named in runs:
        if named.translated is None:
            continue
        label = output.plain(named.label)
        end, command = "keep it with", f"nashforge evaluate {named.label}"
        if archive is not None:
            nickname = store(archive, named).nickname
            end, command = "see what changed with", f"nashforge diff {named.label} {nickname}"
        output.say(
            output.console(stderr=True),
            f"[dim]{label} was written for an earlier interface: its translation runs; {end}[/]",
            command,
        )
    return runs
