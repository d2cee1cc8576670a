"""Numbers for Prometheus: what this worker does, and how long the queues are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nashforge.archive import Archive, ArchiveError
from nashforge.evolve.service.broker import KINDS
from nashforge.evolve.service.settings import ServiceError

_SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_AGE_SECONDS = 5.0
LOOPBACK = "127.0.0.1"


class Metrics:
    """The numbers of one worker.

    Attributes
    ----------
    registry : CollectorRegistry
        What is served; of its own, so that several workers fit into one process.
    """

    def __init__(self, archive: Archive, slots: int) -> None:
        self.registry = CollectorRegistry()
        self._outcomes = Counter(
            "nashforge_work",
            "Attempts that ended on this worker, by kind of work and outcome.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "nashforge_work_seconds",
            "Wall time of an attempt from claim to answer.",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._waited = Histogram(
            "nashforge_work_waited_seconds",
            "How long an attempt waited in the queue.",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._busy = Gauge("nashforge_busy_slots", "Attempts in hand.", registry=self.registry)
        Gauge("nashforge_slots", "Attempts at the same time at most.", registry=self.registry).set(slots)
        self._database_errors = Counter(
            "nashforge_database_errors", "Failed operations on the archive.", registry=self.registry
        )
        self.registry.register(_Queues(archive))

    def claimed(self, kind: str, waited: float) -> None:
        """An attempt was claimed after it had waited so many seconds."""
        self._busy.inc()
        self._waited.labels(kind).observe(waited)

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """An attempt ended: with the status of its report, ``proposed``, ``late`` or ``given_up``."""
        self._busy.dec()
        self._outcomes.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)

    def database_failed(self) -> None:
        """An operation on the archive failed."""
        self._database_errors.inc()

    def serve(self, port: int, address: str = LOOPBACK) -> int:
        """Answer at ``http://ADDRESS:PORT/metrics`` (0: any free port); return the port.

        Anybody who reaches the address is answered; so by default that is this machine.

        Raises
        ------
        ServiceError
            If the port is taken, or the address is none of this machine's.
        """
        try:
            server, _ = start_http_server(port, addr=address, registry=self.registry)
        except OSError as error:
            raise ServiceError(
                f"metrics cannot be served at {address}:{port} ({error.strerror}); choose another port "
                "with --metrics-port, or another address of this machine with --metrics-address"
            ) from error
        return int(server.server_port)


class _Queues(Collector):
    """Queue lengths, read from the archive when somebody asks, at most every few seconds."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._read = (float("-inf"), dict[str, int]())

    def describe(self) -> Iterable[Metric]:
        """Say nothing before it is asked for: the archive need not be there yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the lengths of the queues; nothing while the archive is away."""
        now = time.monotonic()
        if now - self._read[0] > _AGE_SECONDS:
            try:
                self._read = (now, {kind: self._archive.queue.waiting(kind) for kind in KINDS})
            except ArchiveError:
                return
        family = GaugeMetricFamily("nashforge_waiting", "Attempts that wait for a worker.", labels=["kind"])
        for kind, count in self._read[1].items():
            family.add_metric([kind], count)
        yield family
