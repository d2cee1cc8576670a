"""Claims of a woken worker: claim what is due, do it, answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from pydantic import ValidationError

from nashforge.archive import Archive, ArchiveError, NotFound
from nashforge.archive.work import Attempt
from nashforge.evolve.domains import domain_names
from nashforge.evolve.evaluation.messages import Report, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.service.heartbeat import Heartbeat
from nashforge.evolve.service.metrics import Metrics
from nashforge.evolve.service.settings import ServiceSettings

EVALUATOR = "evaluator"
"""Field of queued evaluations: the version of the evaluator that shall make them."""
REFUSE_SECONDS = 60.0
"""So long a worker leaves the work of a run to others after it found that it cannot do it."""
LOOK_SECONDS = 0.5
"""So often it is noticed that an attempt is no longer the worker's own."""
ANSWER_SECONDS = 900.0
"""How long a worker tries to store an answer while the database is away."""


class GiveUp(Exception):
    """An attempt cannot be finished here, through no fault of what is evaluated.

    ``counts`` says whether it is one of the attempts that the work has.
    """

    def __init__(self, reason: str, *, counts: bool = True) -> None:
        super().__init__(reason)
        self.counts = counts


class Unfit(GiveUp):
    """This worker cannot do the work, but another may: it has another version."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, counts=False)


Do = Callable[[Attempt, threading.Event], tuple[Mapping[str, Any], str]]
"""Does an attempt until it is lost; returns the answer and a word for what came out. May raise `GiveUp`."""


class Claims:
    """Claims, does and answers, in as many threads as the worker has slots.

    Parameters
    ----------
    name
        Of the worker, as attempts and reports name it.
    doing
        How each kind of work is done.
    """

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        heartbeat: Heartbeat,
        metrics: Metrics,
        log: structlog.stdlib.BoundLogger,
        *,
        name: str,
        doing: Mapping[str, Do],
    ) -> None:
        self._archive, self._settings, self._heartbeat = archive, settings, heartbeat
        self._metrics, self._log = metrics, log
        self._name, self._doing = name, doing
        self._nicknames: dict[int, str] = {}
        self._refused: dict[int | None, float] = {}
        self.ending = threading.Event()

    def perform(self, kind: str) -> str:
        """Do what is due next; return a word for what came out, for those who watch messages."""
        if self.ending.is_set():
            return "shutting down"
        attempt = self._claim(kind)
        if attempt is None:
            return "nothing to do"
        began = time.monotonic()
        lost = self._heartbeat.hold(attempt.token)
        log = self._log.bind(
            kind=kind,
            run=self._nickname(attempt),
            candidate=attempt.candidate_id,
            token=attempt.token,
            attempt=attempt.attempt,
        )
        assert attempt.started is not None
        self._metrics.claimed(kind, (attempt.started - attempt.queued).total_seconds())
        log.info("claimed")
        outcome = "given_up"
        try:
            answer, word = self._doing[kind](attempt, lost)
            outcome = word if self._answer(attempt, answer, log) else "late"
        except GiveUp as reason:
            if isinstance(reason, Unfit):
                # Not claimed again before others had a chance.
                self._refused[attempt.run_id] = time.monotonic() + REFUSE_SECONDS
            self._give_up(attempt, str(reason), reason.counts)
            log.warning("given_up", reason=str(reason))
        finally:
            self._heartbeat.drop(attempt.token)
            seconds = time.monotonic() - began
            self._metrics.ended(kind, outcome, seconds)
        log.info("finished", outcome=outcome, seconds=round(seconds, 3))
        return outcome

    def _nickname(self, attempt: Attempt) -> str | None:
        if attempt.run_id is None:
            return None
        if attempt.run_id not in self._nicknames:
            try:
                self._nicknames[attempt.run_id] = self._archive.runs.get(attempt.run_id).nickname
            except (NotFound, ArchiveError):
                return None
        return self._nicknames[attempt.run_id]

    def _claim(self, kind: str) -> Attempt | None:
        try:
            now = time.monotonic()
            refused = [run for run, until in self._refused.copy().items() if until > now]
            return self._archive.queue.claim(kind, self._name, without=refused)
        except ArchiveError as error:
            # The work is still queued: whoever sweeps will wake somebody for it.
            self._metrics.database_failed()
            self._log.warning("archive_away", reason=str(error))
            return None

    def _answer(self, attempt: Attempt, answer: Mapping[str, Any], log: structlog.stdlib.BoundLogger) -> bool:
        """Store the answer, however long the database is away; return whether it counts."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return self._archive.queue.answer(attempt.token, answer)
            except ArchiveError as error:
                self._metrics.database_failed()
                log.warning("archive_away", reason=str(error))
                if time.monotonic() > deadline:
                    return False
                time.sleep(LOOK_SECONDS)

    def _give_up(self, attempt: Attempt, reason: str, counts: bool) -> None:
        try:
            self._archive.queue.give_up(
                attempt.token, reason, max_attempts=self._settings.max_attempts, count=counts
            )
        except ArchiveError as error:
            # The sweep gives it up when its heartbeat is old.
            self._log.warning("archive_away", reason=str(error))


class Evaluations:
    """Does evaluations, each slot in a process of its own with its own sandbox.

    A pool of forked workers could not start the sandbox's processes, and a thread could not be stopped.
    """

    def __init__(self, name: str, ending: Callable[[], bool]) -> None:
        self._name, self._ending = name, ending
        self._local = threading.local()
        self._executors: list[LocalExecutor] = []

    def __call__(self, attempt: Attempt, lost: threading.Event) -> tuple[Mapping[str, Any], str]:
        """Evaluate the attempt's task."""
        payload = dict(attempt.payload or {})
        wanted = payload.pop(EVALUATOR, None)
        try:
            task = Task.model_validate({**payload, "token": attempt.token})
        except ValidationError as error:
            raise Unfit(
                f"this worker does not understand the task ({error.error_count()} fields); it has another "
                "version than the run"
            ) from error
        if task.domain not in domain_names():
            raise Unfit(f"the domain {task.domain} is not installed on this worker")
        executor = self._executor()
        executor.submit(task)
        while not lost.is_set():
            for report in executor.wait(LOOK_SECONDS):
                if isinstance(report, Lost):
                    raise GiveUp(report.reason)
                if wanted not in (None, report.evaluator):
                    raise Unfit(f"this worker evaluates as {report.evaluator}, and the run as {wanted}")
                return self._told(report)
        self._discard(executor)
        if self._ending():
            raise GiveUp("the worker was shut down", counts=False)
        raise GiveUp("the attempt was taken away from this worker")

    def _told(self, report: Report) -> tuple[Mapping[str, Any], str]:
        named = report.model_copy(update={"worker": self._name})
        return named.model_dump(mode="json"), report.status.value

    def _executor(self) -> LocalExecutor:
        executor: LocalExecutor | None = getattr(self._local, "executor", None)
        if executor is None:
            executor = self._local.executor = LocalExecutor(1)
            self._executors.append(executor)
        return executor

    def _discard(self, executor: LocalExecutor) -> None:
        executor.close()
        self._executors.remove(executor)
        self._local.executor = None

    def close(self) -> None:
        """End the processes of all slots."""
        while self._executors:
            self._executors.pop().close()
