"""Worker processes that go from executor to executor: to start one takes longer than most tests have it work.

What a worker does depends on its environment, by which they are kept apart here, and on the tasks it is sent;
so a test cannot tell one that has worked before from a new one, unless it looks at processes: such tests ask
for the fixture ``own_workers``.
"""

from __future__ import annotations

import os
import selectors
import threading

from nashforge.evolve.executors import local
from nashforge.evolve.executors.local import LocalExecutor

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

    def start(self, executor: LocalExecutor) -> local._Worker:
        """Return a worker for an executor: an idle one that was started as one would be now, or a new one."""
        born = _environment()
        if (worker := self._taken(born)) is None:
            worker = self._start(executor)
            # The kernel ends a worker with the thread that started it.
            self._born.pop(worker.process.pid, None)
            if threading.current_thread() is threading.main_thread():
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

    def end(self, most: int = 0) -> None:
        """End those that were kept longest, until there are so many."""
        while len(self._idle) > most:
            with self._lock:
                _, worker = self._idle.pop(0)
            _end(worker)

    def _keep(self, born: Environment, worker: local._Worker) -> None:
        with self._lock:
            self._idle.append((born, worker))
        self.end(MOST)

    def _taken(self, born: Environment) -> local._Worker | None:
        with self._lock:
            for entry in reversed(self._idle if self.on else []):
                if entry[0] == born:
                    self._idle.remove(entry)
                    if entry[1].process.poll() is None:
                        return entry[1]
        return None


def _environment() -> Environment:
    """Return what a worker would start with now; a forked process has none of those before."""
    inherited = {**os.environ, "": str(os.getpid())}
    inherited.pop("PYTEST_CURRENT_TEST", None)
    return frozenset(inherited.items())


def _end(worker: local._Worker) -> None:
    """End a worker as an executor does."""
    alone = LocalExecutor(1)
    assert worker.process.stdout is not None
    alone._workers.append(worker)
    alone._selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
    alone._remove(worker)
    alone.close()
