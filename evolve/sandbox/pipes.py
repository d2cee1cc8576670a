"""Pipes to a confined process, and what it says in text that is safe to show."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import time

from nashforge.evolve.sandbox.errors import InfrastructureError

LEAST_DESCRIPTORS = 256
"""Files that a process must be able to open: children move what they inherit to numbers from 64 on."""

_CONTROL_CHARACTERS = re.compile(r"[^\n\t\x20-\x7e\xa0-\uffff]")


def require_descriptors() -> None:
    """Make sure that this process may open as many files as running programs takes, or let it.

    Raises
    ------
    InfrastructureError
        If it may not, and may not change that.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= LEAST_DESCRIPTORS:
        return
    if hard != resource.RLIM_INFINITY and hard < LEAST_DESCRIPTORS:
        raise InfrastructureError(
            f"this process may open only {hard} files at the same time, and running programs takes "
            f"{LEAST_DESCRIPTORS}; allow more before you start it (`ulimit -n 1024`)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST_DESCRIPTORS, hard))


def pipe(undo: contextlib.ExitStack, descriptors: contextlib.ExitStack, mine: int) -> tuple[int, int]:
    """Return a pipe; the end that is mine is closed if it is undone, the other once it was passed on."""
    ends = os.pipe()
    undo.callback(os.close, ends[mine])
    descriptors.callback(os.close, ends[1 - mine])
    return ends


def resize_pipe(descriptor: int, size: int) -> None:
    """Give a pipe room for so many bytes, where the system allows it."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(PermissionError):  # this user's pipes are used up: the log is shorter then
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, size)


def read_soon(descriptor: int, waiting: select.poll, count: int) -> bytes:
    """Read so many bytes; less at the end of a pipe, or if the rest does not come soon."""
    data = b""
    deadline = time.monotonic() + 1.0
    while len(data) < count and waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(descriptor, count - len(data))
        if not part:
            break
        data += part
    return data


def drain(descriptor: int, limit: int) -> str:
    """Return what is in a pipe, at most so many bytes of it, as text."""
    os.set_blocking(descriptor, False)
    data = b""
    with contextlib.suppress(BlockingIOError):
        while len(data) < limit:
            part = os.read(descriptor, limit - len(data))
            if not part:
                break
            data += part
    return data.decode("utf-8", "replace")


def printable(text: str) -> str:
    """Remove what could drive a terminal."""
    return _CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text)


def signal_name(number: int) -> str:
    """Return how a signal that ended a process is called."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} (most often a stack overflow)" if name == "SIGSEGV" else name
