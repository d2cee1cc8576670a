"""A worker process: Celery's consumer, a slot for everything it does at the same time, and the heartbeat.

Celery's thread pool serves the messages. Every slot evaluates in a process of its own, started by
`subprocess`, that dies with its parent; so nothing is forked, the archive's connections belong to this
process, and the consumer answers the broker, Flower and signals while programs run.
"""

from __future__ import annotations

import os
import platform
import signal
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from nashforge.archive import Archive, ArchiveError
from nashforge.evolve.config.model_names import may_hold_a_key
from nashforge.evolve.executors.identity import counted_where
from nashforge.evolve.executors.local import available_cores
from nashforge.evolve.service.broker import KINDS, Broker, make_app, queue_name, task_name
from nashforge.evolve.service.claims import Claims, Do, Evaluations
from nashforge.evolve.service.heartbeat import Heartbeat
from nashforge.evolve.service.intake import Intake, guard_redis
from nashforge.evolve.service.logs import logger
from nashforge.evolve.service.metrics import LOOPBACK, Metrics
from nashforge.evolve.service.settings import ServiceError, ServiceSettings


class ServiceWorker:
    """A worker of an archive's queues.

    Parameters
    ----------
    archive
        The archive, where the work is queued.
    settings
        The broker and how patient to be.
    slots
        How much to do at the same time; by default one evaluation a core.
    kinds
        What to do: ``evaluate``, ``propose``.
    name
        Name of the worker, of its own among those alive; by default of this process.
    metrics_port, metrics_address
        Where Prometheus may ask; without a port nowhere, and without an address only from this machine.
    grace_seconds
        After a polite kill, how long what is under way may go on; then it is given back.
    """

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        *,
        slots: int | None = None,
        kinds: Sequence[str] = ("evaluate",),
        name: str | None = None,
        metrics_port: int | None = None,
        metrics_address: str = LOOPBACK,
        grace_seconds: float = 30.0,
    ) -> None:
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            raise ServiceError(
                f"there is no queue {', '.join(unknown) or 'given'}; choose from {', '.join(KINDS)}"
            )
        self.name = name or f"{platform.node()}-{os.getpid()}-{counted_where()}"
        self._archive, self._settings, self._grace = archive, settings, grace_seconds
        self._slots, self._kinds = slots or available_cores(), tuple(dict.fromkeys(kinds))
        if "propose" not in self._kinds:
            forget_keys()
        self._log = logger(worker=self.name)
        self._metrics = Metrics(archive, self._slots)
        guard_redis()  # before the first connection: kombu looks a transport up once
        self._broker = Broker(settings, archive.database.uid)
        self._broker.require()
        self._heartbeat = Heartbeat(
            archive,
            self._broker,
            settings,
            name=self.name,
            kinds=self._kinds,
            slots=self._slots,
            metrics=self._metrics,
            log=self._log,
        )
        self._evaluations = Evaluations(self.name, lambda: self._claims.ending.is_set())
        doing: dict[str, Do] = {"evaluate": self._evaluations}
        if "propose" in self._kinds:
            from nashforge.evolve.service.model_requests import ModelRequests

            doing["propose"] = ModelRequests()
        self._claims = Claims(
            archive, settings, self._heartbeat, self._metrics, self._log, name=self.name, doing=doing
        )
        self._metrics_port, self._metrics_address = metrics_port, metrics_address
        self._app = self._make_app()

    def _make_app(self) -> Celery:
        app = make_app(self._settings, self._archive.database.uid)
        app.conf.worker_consumer = f"{Intake.__module__}:{Intake.__name__}"
        for kind in self._kinds:
            app.task(self._task(kind), name=task_name(kind), acks_late=True, ignore_result=True)
        return app

    def _task(self, kind: str) -> Any:
        def perform(**_names: str) -> str:
            return self._claims.perform(kind)

        return perform

    def run(self) -> int:
        """Work until a signal ends it; return the exit code."""
        from nashforge.evolve.config.versions import package_versions

        self._archive.workers.register(
            self.name,
            host=platform.node(),
            pid=os.getpid(),
            kinds=",".join(self._kinds),
            slots=self._slots,
            versions=package_versions(),
        )
        port = self._metrics_port
        if port is not None:
            port = self._metrics.serve(port, self._metrics_address)
        signals.setup_logging.connect(_leave_logging_alone, weak=False)
        # Celery warns root of pickles; there are none, and the sandbox is strongest where root starts it.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        # What is evaluated when the broker goes away is finished; Celery warns that its default will change.
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
        worker = self._app.Worker(
            hostname=f"{self.name}@{platform.node()}",
            pool="threads",
            concurrency=self._slots,
            queues=[queue_name(self._archive.database.uid, kind) for kind in self._kinds],
            without_mingle=True,
            without_gossip=True,
            task_events=True,
            quiet=True,
        )
        signals.worker_shutting_down.connect(self._shutting_down, weak=False)
        signals.worker_ready.connect(lambda **_: self._ready(port), weak=False)
        self._heartbeat.start()
        try:
            worker.start()
        finally:
            self._end()
        return int(worker.exitcode or 0)

    def _ready(self, port: int | None) -> None:
        self._log.info(
            "ready",
            queues=self._kinds,
            slots=self._slots,
            broker=self._settings.shown_broker,
            archive=self._archive.database.location,
            metrics_port=port,
        )

    def _shutting_down(self, **_details: object) -> None:
        """Let what is under way go on for a while, then give it back."""
        self._log.info("shutting_down", seconds=self._grace)
        timer = threading.Timer(self._grace, self._abandon)
        timer.daemon = True
        timer.start()
        # A second signal shall not find Celery's default, which ends without giving anything back.
        signal.signal(signal.SIGTERM, lambda *_: self._abandon())
        signal.signal(signal.SIGINT, lambda *_: self._abandon())

    def _abandon(self) -> None:
        self._claims.ending.set()
        self._heartbeat.abandon()

    def _end(self) -> None:
        self._abandon()
        self._evaluations.close()
        self._heartbeat.stop()
        place = self._archive.database.url
        # Not by the archive that waits for a server: without a good-bye, a worker falls silent.
        with suppress(ArchiveError), Archive.open(place, create=False) as archive:
            archive.workers.leave(self.name)
        self._broker.close()
        self._log.info("stopped")


def _leave_logging_alone(**_details: object) -> None:
    """Keep Celery from setting up logs of its own: that it is connected is enough."""


def forget_keys() -> list[str]:
    """Take keys of models out of this process's environment; return their names."""
    found = [name for name in os.environ if may_hold_a_key(name)]
    for name in found:
        del os.environ[name]
    return found
