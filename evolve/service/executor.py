"""Evaluations on a pool of workers on any machines: queued in the archive, workers woken through a broker."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable

from nashforge.archive import Archive, Run, RunState, program_hash
from nashforge.archive.records import new_token
from nashforge.archive.stores.notices import Notices
from nashforge.archive.stores.queue import CHANNEL
from nashforge.archive.work import Attempt, AttemptState
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Report, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.local import limit_seconds
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.claims import EVALUATOR
from nashforge.evolve.service.settings import ServiceError, ServiceSettings

KIND = "evaluate"
LOOK_SECONDS = 0.5
"""So often the rows are looked at, whatever was announced."""
KEEP_SECONDS = 120.0
"""So long an answer stays in the queue after it was handed on, in case it could not be stored."""
REMIND_SECONDS = 60.0


def live_slots(archive: Archive, settings: ServiceSettings, kind: str = KIND) -> int:
    """Return how many pieces of work of a kind the workers that are alive do at the same time."""
    alive = archive.workers.registered(
        alive_within=max(settings.stale_seconds, 2 * settings.heartbeat_seconds)
    )
    return sum(worker.slots for worker in alive if kind in worker.kinds.split(","))


class CeleryExecutor:
    """Evaluate on workers that were started with ``nashforge worker``.

    What a run asks for is identified by what it is: if this process dies and the run is resumed elsewhere,
    evaluations under way and answers that nobody fetched are taken over, and nothing is evaluated twice.

    Parameters
    ----------
    archive
        Holds the queue; on a server if workers are on other machines.
    settings
        The broker and how patient to be.
    run
        What the evaluations are for; None for measurements on request.
    weight
        The run's share of the workers, relative to other runs.
    workers
        How many evaluations to expect at the same time; by default as many as workers are alive now.
    note
        Called with a text when something is amiss that may right itself.

    Raises
    ------
    ServiceError
        If the broker does not answer.
    """

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        *,
        run: Run | None = None,
        weight: float = 1.0,
        workers: int | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._settings, self._run = archive, settings, run
        self._weight, self._workers, self._note = weight, workers, note
        self._broker = Broker(settings, archive.database.uid)
        self._broker.require()
        self._notices = Notices(archive.database.url, CHANNEL)
        self._waiting: dict[str, Task] = {}
        self._handed: deque[tuple[float, str]] = deque()
        self._unsent = 0
        self._swept = self._reminded = time.monotonic()
        self._slots = (0.0, 0)

    @property
    def workers(self) -> int:
        """The number of tasks that run at the same time: as given, or as workers were alive lately."""
        if self._workers is not None:
            return self._workers
        now = time.monotonic()
        if now - self._slots[0] > self._settings.heartbeat_seconds or not self._slots[1]:
            self._slots = (now, live_slots(self._archive, self._settings))
        return max(self._slots[1], 1)

    def submit(self, task: Task) -> None:
        """Queue a task, unless its answer is there or a worker has it already.

        Raises
        ------
        ServiceError
            If it may take longer than Redis leaves messages with one worker.
        """
        longest = limit_seconds(task)
        if longest > self._settings.visibility_seconds:
            raise ServiceError(
                f"an evaluation may take {longest:g} s, longer than visibility_seconds = "
                f"{self._settings.visibility_seconds:g}; raise NASHFORGE_VISIBILITY_SECONDS"
            )
        # Workers of another version would measure something else, and leave it to others.
        payload = {
            **task.model_dump(mode="json", exclude={"token"}),
            EVALUATOR: domain(task.domain).evaluator,
        }
        key = self._key(payload)
        self._waiting[key] = task
        attempt = self._archive.queue.add(
            key,
            KIND,
            payload,
            run=self._run,
            program=program_hash(task.source, task.domain),
            weight=self._weight,
        )
        if attempt.state is AttemptState.QUEUED:
            self._unsent += 1
            self._wake(attempt)

    def _key(self, payload: dict[str, object]) -> str:
        # Measurements on request are made anew every time.
        owner = new_token() if self._run is None else self._run.uid
        text = json.dumps([owner, KIND, payload], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _wake(self, attempt: Attempt | None = None) -> None:
        names = {} if attempt is None else {"token": attempt.token}
        if self._run is not None:
            names["run"] = self._run.nickname
        self._unsent -= self._broker.wake(KIND, self._unsent, names)

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Return finished work; wait for some, at most ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._waiting:
            answered = self._archive.queue.answers(self._waiting)
            if answered:
                return [self._hand_on(key, attempt) for key, attempt in answered.items()]
            self._look_after()
            left = LOOK_SECONDS if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            self._notices.wait(min(left, LOOK_SECONDS))
        return []

    def _hand_on(self, key: str, attempt: Attempt) -> Report | Lost:
        task = self._waiting.pop(key)
        if attempt.state is AttemptState.DONE and attempt.result is not None:
            self._handed.append((time.monotonic(), key))
            return Report.model_validate({**attempt.result, "token": task.token})
        if attempt.state is AttemptState.FAILED:
            return Lost(task.token, attempt.reason or "no worker could finish it", final=True)
        return Lost(task.token, "it was cancelled by another process")

    def _look_after(self) -> None:
        """Do what is due now and then: wake workers that could not be woken, sweep, forget, warn."""
        now = time.monotonic()
        if now - self._swept < min(self._settings.sweep_seconds, 1.0):
            return
        self._swept = now
        if self._unsent:
            self._wake()
        settings = self._settings
        again = self._archive.queue.sweep(settings.stale_seconds, max_attempts=settings.max_attempts)
        self._unsent += sum(attempt.kind == KIND for attempt in again)
        old = []
        while self._handed and now - self._handed[0][0] > KEEP_SECONDS:
            old.append(self._handed.popleft()[1])
        if old:
            self._archive.queue.forget(old)
        if now - self._reminded > REMIND_SECONDS:
            self._reminded = now
            if self._unsent:
                self._note(f"the broker {settings.shown_broker} cannot be reached; trying again")
            if not live_slots(self._archive, settings):
                self._note("no worker is alive; start one with `nashforge worker`")

    def close(self) -> None:
        """Cancel what no worker has claimed; what workers have in hand is kept for a resumed run."""
        if self._waiting:
            self._archive.queue.cancel(self._run, list(self._waiting))
            self._waiting.clear()
        if self._handed and self._run is not None:
            if self._archive.runs.get(self._run).state is RunState.FINISHED:
                self._archive.queue.forget([key for _, key in self._handed])
            self._handed.clear()
        self._notices.close()
        self._broker.close()
