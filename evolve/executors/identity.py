"""Names of processes that no two share, though machines and containers are called alike and numbers recur."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = "/proc/{}/ns/pid"
_STAT = "/proc/{}/stat"
_STATE, _START = 0, 19
"""Places among the fields of a process, after its name: what it does, and ticks since the machine's start."""
_GONE = ("Z", "X", "x")
"""Processes that have ended, and whose parents have not asked yet how."""


def process_name(pid: int | None = None) -> str:
    """Return a name of this process, or of another one of this machine, that no other process ever has.

    It is ``HOST:PID/WHERE.START``: where processes are counted (this start of the machine, and the
    container), and since when this one is there. People are told what stands before the stroke.
    """
    number = os.getpid() if pid is None else pid
    return f"{platform.node()}:{number}/{counted_where()}.{_told(number)[1]}"


def has_ended(name: str | None) -> bool:
    """Whether the process of a name was one that is seen from here, and is gone."""
    shown, _, identity = (name or "").partition("/")
    node, _, pid = shown.rpartition(":")
    where, _, start = identity.partition(".")
    if (node, where) != (platform.node(), counted_where()) or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):  # or no process can have such a number
        return True
    except PermissionError:
        pass
    state, now = _told(int(pid))
    return state in _GONE or now not in ("", start)


@cache
def counted_where() -> str:
    """Return what tells apart the places where processes are counted: starts of machines, and containers."""
    boot = namespace = ""
    with suppress(OSError):  # other systems than Linux
        boot = _BOOT.read_text().strip()
        namespace = os.readlink(_NAMESPACE.format("self"))
    return blake2b(f"{boot} {namespace}".encode(), digest_size=4).hexdigest()


def _told(pid: int) -> tuple[str, str]:
    """Return what a process does, and when it started in hexadecimal; nothing where that is not told."""
    try:
        # The name of a process stands in brackets, and may hold anything.
        fields = Path(_STAT.format(pid)).read_text().rpartition(")")[2].split()
        return fields[_STATE], f"{int(fields[_START]):x}"
    except (OSError, ValueError, IndexError):
        return "", ""
