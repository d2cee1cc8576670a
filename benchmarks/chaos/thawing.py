"""Thawing what a benchmark froze that was killed meanwhile: by a process beside it, or by the next benchmark.

Run by its path, this file is that process; it needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HIERARCHIES = (
    (Path("/sys/fs/cgroup/freezer"), "freezer.state", "FROZEN", "THAWED"),
    (Path("/sys/fs/cgroup"), "cgroup.freeze", "1", "0"),
)
"""Where the kernel freezes groups of processes, in its first and in its second version of that."""

PREFIX = "nashforge-chaos-"
"""Groups are called so, with the number of the benchmark's process."""


def members(group: Path) -> list[int]:
    """Return the processes of a group; none if it is gone."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    return []


def end(group: Path, file: str, thawed: str, seconds: float = 10.0) -> None:
    """Thaw a group, and kill what is in it: its benchmark was killed, and it works for nobody."""
    with contextlib.suppress(OSError):
        (group / file).write_text(thawed)
    deadline = time.monotonic() + seconds
    while (left := members(group)) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    with contextlib.suppress(OSError):
        group.rmdir()


def end_abandoned() -> list[str]:
    """End the groups of benchmarks that are gone; return their names."""
    found = []
    for place, file, _, thawed in HIERARCHIES:
        for group in sorted(place.glob(f"{PREFIX}*")):
            pid = group.name.removeprefix(PREFIX)
            if (group / file).exists() and not Path(f"/proc/{pid}").exists():
                end(group, file, thawed)
                found.append(group.name)
    return found


@contextlib.contextmanager
def guarded(*words: str) -> Iterator[int]:
    """Have a process stand by that thaws, should this one die in the block; yields its number.

    Parameters
    ----------
    words
        ``group``, the group, its file and what thaws it; or ``stopped`` and numbers of processes.
    """
    with subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, *words], stdin=subprocess.PIPE, start_new_session=True
    ) as guard:
        try:
            yield guard.pid
        finally:
            guard.kill()


def main() -> None:
    """Wait until the other end of the standard input is gone, and thaw."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kind, *words = sys.argv[1:]
    sys.stdin.buffer.read()
    if kind == "group":
        group, file, thawed = words
        end(Path(group), file, thawed)
    else:
        for pid in words:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGCONT)


if __name__ == "__main__":
    main()
