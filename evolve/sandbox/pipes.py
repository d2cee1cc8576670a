"""Pipes to a confined process, and what it says in text that is safe to show."""

from __future__ import annotations

import contextlib
import os
import re
import signal

_CONTROL_CHARACTERS = re.compile(r"[^\n\t\x20-\x7e\xa0-\uffff]")


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
