"""Output that nobody reads any more, as in ``nashforge show cfr_plus | head -1``: no error, but an end."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in gone:  # what is left in their buffers goes nowhere
            os.dup2(nowhere, stream.fileno())
        sys.exit(UNREAD)


def _unread(descriptor: int) -> bool:
    """Whether a descriptor is a pipe without a reader."""
    waiting = select.poll()
    waiting.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in waiting.poll(0))
