"""Worker processes that are past their time: whether they wait for what never comes, or for a processor."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_CPU = slice(11, 15)
"""Places of processor time among the fields of a process's state: its own, and of children that ended."""


class Overdue:
    """A process that has not answered in time.

    A machine that is busy gives it a part of a processor, however long that lasts; so it goes on while it, or
    what it started, computes or would, until it has had as much processor time as it had time.

    Parameters
    ----------
    pid
        The process.
    seconds
        Processor time, of all of them together, that they may still take.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid, self._seconds = pid, seconds
        self._begun: float | None = None
        self._before = 0.0

    def computes(self) -> bool:
        """Whether it computed since this was asked last, or would if it had a processor; at first yes."""
        cpu, wants_processor = _processor_time(self._pid)
        before, self._before = self._before, cpu
        if self._begun is None:
            self._begun = cpu
            return True
        return cpu - self._begun < self._seconds and (wants_processor or cpu > before)


def _processor_time(pid: int) -> tuple[float, bool]:
    """Return the processor time of a process and its descendants, and whether one computes or would."""
    fields: dict[int, list[str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            fields[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
    family, newest = {pid}, {pid}
    while newest:
        newest = {child for child, stat in fields.items() if int(stat[1]) in newest} - family
        family |= newest
    mine = [fields[member] for member in family if member in fields]
    ticks = sum(int(value) for stat in mine for value in stat[_CPU])
    return ticks / _TICKS, any(stat[0] == "R" for stat in mine)
