"""The worker's other thread: says that it lives, hears what it has lost, sweeps after the dead."""

from __future__ import annotations

import threading
import time

import structlog

from nashforge.archive import Archive, ArchiveError
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.metrics import Metrics
from nashforge.evolve.service.settings import ServiceSettings


class Heartbeat:
    """Keeps attempts alive while their worker works on them.

    Parameters
    ----------
    archive, broker, settings
        Of the service.
    name, kinds, slots
        Of the worker.
    """

    def __init__(
        self,
        archive: Archive,
        broker: Broker,
        settings: ServiceSettings,
        *,
        name: str,
        kinds: tuple[str, ...],
        slots: int,
        metrics: Metrics,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._archive, self._broker, self._settings = archive, broker, settings
        self._name, self._kinds, self._slots = name, kinds, slots
        self._metrics, self._log = metrics, log
        self._held: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="heartbeat", daemon=True)
        self._idle_with_work: set[str] = set()
        self._sweep_from = 0.0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being said now."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def hold(self, token: str) -> threading.Event:
        """Keep an attempt alive; return what is set when it is no longer the worker's own."""
        with self._lock:
            return self._held.setdefault(token, threading.Event())

    def drop(self, token: str) -> None:
        """An attempt has ended."""
        with self._lock:
            self._held.pop(token, None)

    def abandon(self) -> None:
        """Make whoever works on an attempt stop, because the worker shuts down."""
        with self._lock:
            for lost in self._held.values():
                lost.set()

    def _keep(self) -> None:
        swept = time.monotonic()
        while not self._ending.wait(min(self._settings.heartbeat_seconds, self._settings.sweep_seconds)):
            began = time.monotonic()
            try:
                self._beat()
                if began - swept >= self._settings.sweep_seconds and began >= self._sweep_from:
                    swept = began
                    self._sweep()
            except ArchiveError as error:
                self._metrics.database_failed()
                self._log.warning("archive_away", reason=str(error))
                self._be_lenient()
            if time.monotonic() - began > self._settings.stale_seconds / 2:
                self._be_lenient()

    def _be_lenient(self) -> None:
        """While the database was away nobody could say that he is alive: give everybody time to do so."""
        self._sweep_from = time.monotonic() + self._settings.stale_seconds

    def _beat(self) -> None:
        with self._lock:
            held = dict(self._held)
        mine = self._archive.queue.heartbeat(held)
        for token, lost in held.items():
            if token not in mine and not lost.is_set():
                lost.set()
        self._archive.workers.heartbeat(self._name)

    def _sweep(self) -> None:
        settings = self._settings
        for attempt in self._archive.queue.sweep(settings.stale_seconds, max_attempts=settings.max_attempts):
            self._log.warning(
                "attempt_lost", token=attempt.token, key=attempt.key, attempt=attempt.attempt - 1
            )
            self._broker.wake(attempt.kind)
        with self._lock:
            idle = len(self._held) < self._slots
        for kind in self._kinds:
            waiting = self._archive.queue.waiting(kind) if idle else 0
            if waiting and kind in self._idle_with_work:
                # Twice in a row there was work and an idle worker: messages were lost.
                queued = self._broker.length(kind)
                if queued is not None and queued < waiting:
                    sent = self._broker.wake(kind, waiting - queued)
                    self._log.info("woken_again", kind=kind, messages=sent)
            (self._idle_with_work.add if waiting else self._idle_with_work.discard)(kind)
