"""A watchdog: a small process that ends this one if that does not end by itself when it is asked to.

Python hears signals between two of its own instructions. A long call of compiled code, such as a
factorisation or a game that is built, keeps it from that, and from running any other thread. The watchdog is
told of signals at the moment they come, by Python's handler in C (`signal.set_wakeup_fd`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ONCE_SECONDS = 180.0
"""A process that is asked to end may take so long: longer than it waits for a database that restarts."""

INSISTED_SECONDS = 10.0
"""So long may it take from when it is asked again."""

_PROCESS = Path(__file__).with_name("watchdog_process.py")


@contextmanager
def watchdog(*, once: float = ONCE_SECONDS, insisted: float = INSISTED_SECONDS) -> Iterator[None]:
    """Have this process killed if it goes on in the block for too long after signals that ask it to end.

    Only signals that Python has handlers for are counted. Without a process to be had, or outside the main
    thread, the block runs without a watchdog.

    Parameters
    ----------
    once, insisted
        Seconds from the first such signal, and from each further one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    arguments = [str(heard), str(os.getpid()), str(once), str(insisted)]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROCESS), *arguments],
            pass_fds=[heard],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # it outlives a terminal that is closed
        )
    except OSError:
        process = None
    finally:
        os.close(heard)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(told)
        if process is not None:
            process.kill()
            process.wait()
