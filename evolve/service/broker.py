"""The broker: it wakes workers, and nothing depends on what it remembers.

A message says that there is work of a kind; it holds names for people who watch, and no work. A worker that
is woken claims from the archive what is due next. So a message that is lost is repaired by the next sweep,
one that comes twice finds nothing to claim, and runs share the workers as the archive decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.app.amqp import Queue
from celery.exceptions import OperationalError

from nashforge.archive.addresses import without_passwords
from nashforge.evolve.service.settings import ServiceError, ServiceSettings

KINDS = ("evaluate", "propose")
"""What there is to do; each has a queue, so that workers choose what they take."""


def queue_name(uid: str, kind: str) -> str:
    """Return the queue of an archive's work; archives that share a broker do not meet."""
    return f"nashforge-{uid[:8]}-{kind}"


def task_name(kind: str) -> str:
    """Return what Celery calls work of a kind."""
    return f"nashforge.{kind}"


def _queue(uid: str, kind: str) -> Any:
    name = queue_name(uid, kind)
    return Queue(name, routing_key=name)


def make_app(settings: ServiceSettings, uid: str) -> Celery:
    """Return the Celery application of an archive: JSON only, acknowledged late, one message at a time."""
    app = Celery("nashforge", broker=settings.broker, set_as_current=False)
    # Without limits of its own kombu would wait for ever for a broker that is away.
    transport: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
    if settings.is_redis:
        transport |= {
            "visibility_timeout": settings.visibility_seconds,
            "socket_connect_timeout": 5,
            "socket_timeout": 30,
            "socket_keepalive": True,
            "health_check_interval": 25,
        }
    queues = [_queue(uid, kind) for kind in KINDS]
    app.conf.update(
        broker_use_ssl=settings.tls(),
        broker_transport_options=transport,
        broker_connection_timeout=5,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=30,
        # Nothing that arrives is ever unpickled.
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        task_ignore_result=True,
        # Messages may be lost, and so need not be written to a disk.
        task_default_delivery_mode="transient",
        task_queues=queues,
        task_default_queue=queues[0].name,
        task_routes={task_name(kind): {"queue": queue_name(uid, kind)} for kind in KINDS},
        task_create_missing_queues=False,
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=True,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        enable_utc=True,
    )
    return app


class Broker:
    """Sends messages, and counts those that wait.

    Parameters
    ----------
    settings
        Where it is.
    uid
        Identity of the archive.
    """

    def __init__(self, settings: ServiceSettings, uid: str) -> None:
        self._settings, self._uid = settings, uid
        self._app = make_app(settings, uid)
        # Makes no connection yet. Those of channels, too: RabbitMQ says so that a password is wrong.
        transport = self._app.connection_for_read()
        self._away: tuple[type[Exception], ...] = (
            OperationalError,
            OSError,
            *transport.connection_errors,
            *transport.channel_errors,
        )

    def wake(self, kind: str, count: int = 1, names: Mapping[str, str] | None = None) -> int:
        """Wake workers for so many pieces of work; return how many messages were sent.

        Fewer than asked for means that the broker cannot be reached, which harms nothing: try again later.
        """
        for sent in range(count):
            try:
                self._app.send_task(
                    task_name(kind),
                    kwargs=dict(names or {}),
                    queue=queue_name(self._uid, kind),
                    retry=True,
                    retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
                    ignore_result=True,
                )
            except self._away:
                return sent
        return count

    def length(self, kind: str) -> int | None:
        """Return how many messages wait in a queue; None if the broker cannot be reached."""
        try:
            with self._app.connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
                declared = _queue(self._uid, kind)(connection.default_channel).queue_declare()
                return int(declared.message_count)
        except self._away:
            return None

    def require(self) -> None:
        """Make sure that the broker answers.

        Raises
        ------
        ServiceError
            If it does not.
        """
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=10)
        except self._away as error:
            told = " ".join(str(error).split())
            detail = without_passwords(told, self._settings.broker) or type(error).__name__
            raise ServiceError(
                f"the broker {self._settings.shown_broker} cannot be reached ({detail}); check that it "
                "runs and that the URL is right"
            ) from error

    def close(self) -> None:
        """Close the connections. Harmless when repeated."""
        self._app.close()
