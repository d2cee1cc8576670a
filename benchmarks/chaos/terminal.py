"""A command at a terminal of its own, which can be closed under it as a window is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from nashforge.evolve.service.spawning import end_with_parent


class Terminal:
    """The near end of a terminal; what is said there goes to a file."""

    def __init__(self) -> None:
        self._near, self._far = pty.openpty()
        self._closing = threading.Event()

    def start(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a command with this as its controlling terminal; it ends with this process."""
        far = self._far
        process = subprocess.Popen(
            command,
            stdin=far,
            stdout=far,
            stderr=far,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(far)
        threading.Thread(target=self._write, args=(log,), daemon=True).start()
        return process

    def close(self) -> None:
        """Close the window: the kernel tells the command (SIGHUP), which cannot write any more."""
        self._closing.set()

    def _write(self, log: Path) -> None:
        # Who waits in a read keeps a terminal open that another thread closes.
        with contextlib.suppress(OSError), log.open("ab", buffering=0) as file:
            while not self._closing.is_set():
                if select.select([self._near], [], [], 0.2)[0]:
                    file.write(os.read(self._near, 1 << 14))
        os.close(self._near)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    end_with_parent(signal.SIGTERM)
