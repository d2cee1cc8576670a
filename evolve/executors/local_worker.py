"""A worker process: reads tasks from standard input, writes reports to standard output, one JSON line each.

It is started by `subprocess` (prefork pools and notebooks cannot start multiprocessing children), keeps one
sandbox, and ends when its parent does.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from typing import IO

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.sandbox import InfrastructureError, Sandbox, Tier

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere the end of input does it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(0)


def serve(tasks: IO[str], reports: IO[str]) -> None:
    """Answer tasks until the input ends."""
    sandboxes: dict[tuple[str, str], Sandbox] = {}
    try:
        for count, line in enumerate(tasks):
            if count == 1:
                # What the first task has loaded stays: the garbage collector need not go through it again.
                gc.collect()
                gc.freeze()
            task = Task.model_validate_json(line)
            work = domain(task.domain)
            key = (task.domain, task.tier)
            try:
                if key not in sandboxes:
                    sandboxes[key] = Sandbox(hosts=work.host_modules, tier=Tier(task.tier))
                report = work.evaluate(task, sandboxes[key])
                answer = {
                    "report": report.model_copy(update={"worker": f"local-{os.getpid()}"}).model_dump(
                        mode="json"
                    )
                }
            except (InfrastructureError, OSError, MemoryError) as error:
                answer = {"lost": {"token": task.token, "reason": f"{type(error).__name__}: {error}"}}
            reports.write(json.dumps(answer) + "\n")
            reports.flush()
    finally:
        for sandbox in sandboxes.values():
            sandbox.close()


def main() -> None:
    """Entry point of the process; the only argument is the process id of the parent."""
    die_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not end up among the reports.
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, reports)


if __name__ == "__main__":
    main()
