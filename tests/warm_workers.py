"""Worker processes that go from executor to executor: to start one takes longer than most tests have it work.

What a worker does depends on what it gets of our environment, by which they are kept apart here, and on the
tasks it is sent; so a test cannot tell one that has worked before from a new one, unless it looks at
processes: such tests ask for the fixture ``own_workers``.
"""

from __future__ import annotations

import os
import selectors
import threading
from concurrent.futures import ThreadPoolExecutor

from nashforge.evolve.executors import local
from nashforge.evolve.executors.local import SECRET, LocalExecutor

MOST = 3
"""How many idle ones are kept; each holds some hundred megabytes."""

Environment = frozenset[tuple[str, str]]


class WarmWorkers:
    """Takes the idle workers of executors that are closed, and gives them to others.

    Attributes
    ----------
    on : bool
        Whether it does.
    """

    def __init__(self) -> None:
        self.on = True
        self._idle: list[tuple[Environment, local._Worker]] = []
        self._born: dict[int, Environment] = {}
        self._lock = threading.Lock()
        self._start, self._close = LocalExecutor._start, LocalExecutor.close
        # The kernel ends a worker with the thread that started it: that of a test would end too soon.
        self._starter, self._owner = ThreadPoolExecutor(1), os.getpid()

    def start(self, executor: LocalExecutor) -> local._Worker:
        """Return a worker for an executor: an idle one that was started as one would be now, or a new one."""
        born = _environment()
        if not self.on or os.getpid() != self._owner:
            worker = self._start(executor)
            self._born.pop(worker.process.pid, None)
        elif (worker := self._taken(born)) is None:
            worker = self._starter.submit(self._start, executor).result()
            self._born[worker.process.pid] = born
        else:
            assert worker.process.stdout is not None
            executor._workers.append(worker)
            executor._selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        return worker

    def close(self, executor: LocalExecutor) -> None:
        """Close an executor and keep its idle workers."""
        for worker in list(executor._workers):
            born = self._born.get(worker.process.pid)
            idle = worker.task is None and not worker.buffer and worker.process.poll() is None
            if self.on and idle and born is not None:
                executor._selector.unregister(worker.process.stdout)
                executor._workers.remove(worker)
                self._keep(born, worker)
        self._close(executor)

    def end(self) -> None:
        """End all that are kept."""
        self._end_but(0)
        self._starter.shutdown()

    def _end_but(self, most: int) -> None:
        """End those that were kept longest, until there are so many."""
        while True:
            with self._lock:
                if len(self._idle) <= most:
                    return
                _, worker = self._idle.pop(0)
            _end(worker)

    def _keep(self, born: Environment, worker: local._Worker) -> None:
        with self._lock:
            self._idle.append((born, worker))
        self._end_but(MOST)

    def _taken(self, born: Environment) -> local._Worker | None:
        with self._lock:
            for entry in reversed(self._idle):
                if entry[0] == born:
                    self._idle.remove(entry)
                    if entry[1].process.poll() is None:
                        return entry[1]
        return None


def _environment() -> Environment:
    """Return what a worker would start with now: all but the archive, of which each test has its own."""
    return frozenset(
        (name, value)
        for name, value in os.environ.items()
        if name != "PYTEST_CURRENT_TEST" and not SECRET.search(name)
    )


def _end(worker: local._Worker) -> None:
    """End a worker as an executor does."""
    alone = LocalExecutor(1)
    assert worker.process.stdout is not None
    alone._workers.append(worker)
    alone._selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
    alone._remove(worker)
    alone.close()
