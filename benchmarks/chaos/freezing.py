"""Processes, and how to freeze all that descend from this one, as a paused container or a snapshot does."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_HIERARCHIES = (
    (Path("/sys/fs/cgroup/freezer"), "freezer.state", "FROZEN", "THAWED"),
    (Path("/sys/fs/cgroup"), "cgroup.freeze", "1", "0"),
)
"""Where the kernel freezes groups of processes, in its first and in its second version of that."""


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
    for place, file, frozen, thawed in _HIERARCHIES:
        group = place / f"nashforge-chaos-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir(exist_ok=True)
            with _gathered(group):
                (group / file).write_text(frozen)
                try:
                    time.sleep(seconds)
                finally:
                    (group / file).write_text(thawed)
            return "freezer"
    stop(descendants(os.getpid()), seconds)
    return "SIGSTOP"


@contextlib.contextmanager
def _gathered(group: Path) -> Iterator[None]:
    """Have all descendants in a group of the kernel; afterwards where they were, and the group gone."""
    here = group.parent / "cgroup.procs"
    try:
        _move(descendants(os.getpid()), group / "cgroup.procs")
        _move(descendants(os.getpid()), group / "cgroup.procs")  # who was born meanwhile
        yield
    finally:
        _move([int(pid) for pid in (group / "cgroup.procs").read_text().split()], here)
        with contextlib.suppress(OSError):
            group.rmdir()


def _move(pids: list[int], file: Path) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            file.write_text(str(pid))


def stop(pids: list[int], seconds: float) -> None:
    """Stop processes for so long, and let them go on."""
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if number is signal.SIGSTOP:
            time.sleep(seconds)


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
