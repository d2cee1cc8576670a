"""Output that nobody reads any more, as in ``nashforge show cfr_plus | head -1``: no error, but an end."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

UNREAD = 141
"""Exit code: 128 + SIGPIPE, as shells show it for other Unix tools."""


@contextmanager
def reading() -> Iterator[None]:
    """End quietly where the reader of what is printed has gone.

    Other pipes, such as those to worker processes, break for other reasons: that is told.
    """
    from nashforge.cli.errors import Failed

    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()  # here, and not when Python ends, where an error cannot be dealt with any more
    except BrokenPipeError as error:
        streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
        gone = [stream for stream in streams if _unread(stream.fileno())]
        if not gone:
            raise Failed(
                f"a process that was at work has ended ({error.strerror}); run the command again"
            ) from error
        _to_nowhere(gone)
        sys.exit(UNREAD)
    except BaseException:
        # Else the end of Python finds a full disk once more, and hides this error behind that one.
        _to_nowhere([stream for stream in (sys.stdout, sys.stderr) if stream is not None and _fails(stream)])
        raise


def _to_nowhere(streams: Sequence[TextIO]) -> None:
    """Throw away what is left in the buffers of streams."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())


def with_streams() -> None:
    """Have something stand where standard streams were closed (``2>&-``): else files would be opened there.

    What a library prints to such a descriptor would end up in them; and what is printed for people nowhere.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  as long as the process lives


def _fails(stream: TextIO | None) -> bool:
    """Whether what is left in the buffer of a stream cannot be written, as its disk is full."""
    try:
        if stream is not None:
            stream.flush()
    except OSError:
        return True
    return False


def _unread(descriptor: int) -> bool:
    """Whether a descriptor is a pipe without a reader."""
    waiting = select.poll()
    waiting.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in waiting.poll(0))
