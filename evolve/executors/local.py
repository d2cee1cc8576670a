"""A pool of worker processes on this machine; no broker."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import socket
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from typing import IO

from nashforge.evolve.evaluation.messages import Report, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.overdue import Overdue
from nashforge.evolve.executors.processes import DIRECTORY, python_command, python_environment

LOOK_SECONDS = 1.0
GRACE_SECONDS = 120.0
"""Beyond the limits on the program: compiling games and measuring, which are not the program's fault."""


SECRET = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|_HEADERS|CREDENTIALS)$|^(AWS_|NASHFORGE_DATABASE$|NASHFORGE_BROKER)"
)
"""Environment variables that no evaluation needs and so none gets."""


def limit_seconds(task: Task) -> float:
    """Return after how long a worker process that does not answer is given up."""
    return sum(stage.patience * stage.seconds for stage in task.stages) + GRACE_SECONDS


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    task: Task | None = None
    deadline: float = 0.0
    overdue: Overdue | None = None
    buffer: bytearray = field(default_factory=bytearray)

    def complaint(self) -> str:
        self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, self.errors.tell() - 2000))
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it left no message"


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalExecutor:
    """Evaluate on this machine, each worker a process of its own with its own sandbox.

    Parameters
    ----------
    workers
        Number of worker processes; default one a core that this process may use.
    """

    def __init__(self, workers: int | None = None) -> None:
        count = available_cores() if workers is None else workers
        if count < 1:
            raise ValueError(f"workers must be at least 1; got {count}")
        self._count = count
        self._queue: deque[Task] = deque()
        self._workers: list[_Worker] = []
        self._ready: list[Report | Lost] = []
        self._selector = selectors.DefaultSelector()
        self._awake, self._looked = 0.0, time.monotonic()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, None)

    @property
    def workers(self) -> int:
        """The number of tasks that run at the same time."""
        return self._count

    def submit(self, task: Task) -> None:
        """Queue a task; it starts at once if a worker is idle."""
        self._queue.append(task)
        self._dispatch()

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Return finished work; wait for some, at most ``timeout`` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._ready and any(worker.task for worker in self._workers):
            now = self._now()
            limits = [worker.deadline - now for worker in self._workers if worker.task] + [LOOK_SECONDS]
            seconds = max(0.0, min(limits if end is None else [*limits, end - time.monotonic()]))
            woken = False
            for key, _ in self._selector.select(seconds):
                if key.data is None:
                    woken = bool(self._bell.recv(4096))
                else:
                    self._read(key.data)
            self._expire()
            self._dispatch()
            if woken or (end is not None and time.monotonic() >= end):
                break
        ready, self._ready = self._ready, []
        return ready

    def wake(self) -> None:
        """Have `wait` return."""
        # A full buffer rings already; a closed executor need not be woken.
        with contextlib.suppress(OSError):
            self._ring.send(b"!")

    def close(self) -> None:
        """Kill the workers; they hold nothing that is not in the archive."""
        self._queue.clear()
        for worker in list(self._workers):
            self._remove(worker)
        self._selector.close()
        self._bell.close()
        self._ring.close()

    def _now(self) -> float:
        """Return the seconds for which this process was awake, as far as it looked at the clock.

        A machine that was frozen has given its workers no time, either.
        """
        before, self._looked = self._looked, time.monotonic()
        self._awake += min(self._looked - before, 2 * LOOK_SECONDS)
        return self._awake

    def _dispatch(self) -> None:
        while self._queue:
            worker = next((worker for worker in self._workers if worker.task is None), None)
            if worker is None:
                if len(self._workers) >= self._count:
                    return
                worker = self._start()
            task = self._queue.popleft()
            worker.task, worker.overdue = task, None
            worker.deadline = self._now() + limit_seconds(task)
            assert worker.process.stdin is not None
            # A worker that died meanwhile is noticed by the end of its output.
            with contextlib.suppress(BrokenPipeError):
                worker.process.stdin.write(task.model_dump_json().encode() + b"\n")
                worker.process.stdin.flush()

    def _start(self) -> _Worker:
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed when the worker is removed
        kept = {name: value for name, value in os.environ.items() if not SECRET.search(name)}
        # Its own session: Ctrl-C on the terminal reaches the loop alone, which then ends the workers.
        process = subprocess.Popen(
            python_command("nashforge.evolve.executors.local_worker", str(os.getpid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**python_environment(kept), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd=DIRECTORY,
            start_new_session=True,
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        worker = _Worker(process, errors)
        self._workers.append(worker)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        chunk = worker.process.stdout.read()
        if chunk == b"":
            self._lose(worker, f"a worker process ended: {worker.complaint()}")
            return
        worker.buffer += chunk or b""
        while (end := worker.buffer.find(b"\n")) >= 0:
            answer = json.loads(bytes(worker.buffer[:end]))
            del worker.buffer[: end + 1]
            worker.task = None
            if "report" in answer:
                self._ready.append(Report.model_validate(answer["report"]))
            else:
                self._ready.append(Lost(**answer["lost"]))

    def _expire(self) -> None:
        for worker in list(self._workers):
            if worker.task is None or self._now() <= worker.deadline:
                continue
            worker.overdue = worker.overdue or Overdue(worker.process.pid, limit_seconds(worker.task))
            if worker.overdue.computes():
                worker.deadline = self._now() + LOOK_SECONDS
            else:
                self._lose(worker, "a worker process did not answer within the limits of its stages")

    def _lose(self, worker: _Worker, reason: str) -> None:
        if worker.task is not None:
            self._ready.append(Lost(worker.task.token, reason))
        self._remove(worker)

    def _remove(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        assert worker.process.stdin is not None
        self._selector.unregister(worker.process.stdout)
        worker.process.kill()
        worker.process.wait()
        worker.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            worker.process.stdin.close()
        worker.errors.close()
        self._workers.remove(worker)
