"""Processes, and how to freeze all that descend from this one, as a paused container or a snapshot does."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.chaos.thawing import HIERARCHIES, PREFIX, guarded, members


def parents() -> dict[int, int]:
    """Return the parent of every process that has not ended."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    found[int(entry.name)] = int(parent)
    return found


def descendants(pid: int) -> list[int]:
    """Return the children of a process, theirs, and so on."""
    known = parents()
    found, newest = [], [pid]
    while newest:
        newest = [child for child, parent in known.items() if parent in newest]
        found += newest
    return found


def freeze(seconds: float) -> str:
    """Freeze all that descends from this process for so long; return how that was done."""
    for place, file, frozen, thawed in HIERARCHIES:
        group = place / f"{PREFIX}{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir(exist_ok=True)
            with guarded("group", str(group), file, thawed) as guard, _gathered(group, guard):
                (group / file).write_text(frozen)
                try:
                    time.sleep(seconds)
                finally:
                    (group / file).write_text(thawed)
            return "freezer"
    stop(descendants(os.getpid()), seconds)
    return "SIGSTOP"


@contextlib.contextmanager
def _gathered(group: Path, spared: int) -> Iterator[None]:
    """Have all descendants but one in a group of the kernel; afterwards back, and the group gone."""
    here = group.parent / "cgroup.procs"
    try:
        for _ in range(2):  # who was born meanwhile
            _move([pid for pid in descendants(os.getpid()) if pid != spared], group / "cgroup.procs")
        yield
    finally:
        _move(members(group), here)
        with contextlib.suppress(OSError):
            group.rmdir()


def _move(pids: list[int], file: Path) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            file.write_text(str(pid))


def stop(pids: list[int], seconds: float) -> None:
    """Stop processes for so long, and let them go on."""
    with guarded("stopped", *map(str, pids)):
        _signal(pids, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def left_over(seconds: float = 15.0) -> list[str]:
    """Return the processes that are left of this one's children, after some time to end."""
    deadline = time.monotonic() + seconds
    while (found := _children(os.getpid())) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _children(pid: int) -> list[str]:
    found = []
    for child, parent in parents().items():
        if parent == pid:
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"{child} {words.decode(errors='replace')[:100]}")
    return found
