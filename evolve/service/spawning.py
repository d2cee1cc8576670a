"""Programs of the machine as child processes, which end with this process."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from glob import glob
from pathlib import Path
from typing import Any

from nashforge.evolve.executors.local_worker import PR_SET_PDEATHSIG

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/lib/rabbitmq/lib/*/sbin", "/opt/*/bin", "/opt/*/sbin")


def find_binary(name: str) -> str | None:
    """Return the path of an installed program, also where distributions hide it; None if there is none."""
    # The hidden places first: what distributions put in the path are wrappers that change the user. And the
    # newest version first.
    hidden = sorted((path for place in _PLACES for path in glob(f"{place}/{name}")), reverse=True)
    return hidden[0] if hidden else shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(
    command: Sequence[str], log: Path, *, ends_by: int = signal.SIGTERM, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a child process that writes to a log and ends with this process, even if that is killed.

    Parameters
    ----------
    ends_by
        The signal that it is sent when this process is gone (Linux).
    options
        Of `subprocess.Popen`.
    """
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=partial(end_with_parent, ends_by) if sys.platform == "linux" else None,
            **options,
        )


def end_with_parent(number: int) -> None:
    """Ask the kernel to end this child when its parent ends; to be called between fork and exec (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so, at most so long."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
