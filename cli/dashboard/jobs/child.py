"""A command of Nashforge that ends with the process that started it.

Its standard input is a pipe of that process, which closes however that process ends, by a kill, too.
"""

from __future__ import annotations

import os
import runpy
import signal
import threading


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("nashforge", run_name="__main__", alter_sys=True)
