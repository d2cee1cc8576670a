"""The process of `nashforge.cli.watchdog`: run by its path, with nothing but the standard library."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

_ENDING = {signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])}


def watch(heard: int, parent: int, once: float, insisted: float) -> bool:
    """Wait until a process ends, or must be ended; return whether it must.

    Parameters
    ----------
    heard
        Descriptor from which the numbers of the signals are read that the process gets.
    parent
        Its number.
    once, insisted
        Seconds that it has from the first signal that asks it to end, and from each further one.
    """
    poll = select.poll()
    poll.register(heard, select.POLLIN)
    ended = -1
    with suppress(OSError, AttributeError):
        ended = os.pidfd_open(parent)
        poll.register(ended, select.POLLIN)
    asked = False
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0) * 1000
        ready = [descriptor for descriptor, _ in poll.poll(left)]
        if ended in ready or os.getppid() != parent:
            return False
        if not ready:
            return True
        signals = os.read(heard, 64)
        if not signals:
            return False
        for number in signals:
            if number in _ENDING:
                until = time.monotonic() + (insisted if asked else once)
                deadline = until if deadline is None else min(deadline, until)
                asked = True


def main() -> None:
    """Watch the process that started this one."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    heard, parent, once, insisted = sys.argv[1:]
    if watch(int(heard), int(parent), float(once), float(insisted)):
        with suppress(OSError):
            sys.stderr.write(
                "\nnashforge: it was asked to end and did not, so it is ended now; what was finished is "
                "stored, and `nashforge resume` goes on with a run\n"
            )
            sys.stderr.flush()
        with suppress(ProcessLookupError):
            os.kill(int(parent), signal.SIGKILL)


if __name__ == "__main__":
    main()
