"""Intake of broker messages: those that we send, and no others.

Whoever can write to the broker could otherwise end a worker (by what is no message), wedge a slot (by
callbacks and chords, for which Celery fails outside the task), start Celery's own tasks, or fill memory
(by times far in the future). Messages hold nothing that we need, so what is not as we send it is thrown
away, with one line in the log.
"""

from __future__ import annotations

import json
import time
from queue import Empty
from typing import Any

from celery.worker.consumer import Consumer
from kombu.transport import TRANSPORT_ALIASES, redis, virtual

from nashforge.evolve.service.broker import KINDS, task_name
from nashforge.evolve.service.logs import logger

LONGEST = 1 << 14
"""Bytes of a message; ours have some hundred."""

OutOfMemoryError: type[Exception] = redis.redis.exceptions.OutOfMemoryError  # type: ignore[attr-defined]

FULL_SECONDS = 1.0
"""Until a Redis that is out of memory is tried again."""

NAMES = {"run", "token"}
"""What a message may name, for those who watch."""

_EMBEDDED = {"callbacks", "errbacks", "chain", "chord"}
_LEFT_OPEN = (
    "eta",
    "expires",
    "group",
    "shadow",
    "chord",
    "errbacks",
    "callbacks",
    "stamped_headers",
    "timelimit",
)
_NO_MESSAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Intake(Consumer):  # type: ignore[misc]  # celery has no types
    """Celery's consumer behind a door."""

    def create_task_handler(self, *arguments: Any, **options: Any) -> Any:
        """Return what receives messages."""
        usual = super().create_task_handler(*arguments, **options)
        # Celery brings tasks of its own.
        known = {task_name(kind) for kind in KINDS} & set(self.strategies)
        log = logger(worker=self.hostname)

        def receive(message: Any) -> None:
            reason = why_not_ours(message, known)
            if reason is None:
                usual(message)
                return
            log.warning("message_rejected", reason=reason)
            message.reject()

        return receive

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Try again to connect; not at once where that would not help: a full server accepts connections."""
        super().on_connection_error_before_connected(exc)
        if isinstance(exc, OutOfMemoryError):
            time.sleep(FULL_SECONDS)


def why_not_ours(message: Any, known: set[str]) -> str | None:
    """Return in what a message differs from those that we send; None if in nothing.

    Parameters
    ----------
    message : kombu.Message
        As it came in; nothing of it has been decoded.
    known
        Names of our tasks.
    """
    headers, body = message.headers, message.body
    if not isinstance(headers, dict):
        return "it has no headers"
    if not isinstance(body, str | bytes | memoryview) or len(body) > LONGEST:
        return f"it is longer than {LONGEST} bytes, or no text"
    if message.content_type != "application/json" or str(message.content_encoding).lower() not in (
        "utf-8",
        "utf8",
    ):
        return "it is not JSON in UTF-8"
    task = headers.get("task")
    if not isinstance(task, str) or task not in known:
        return "it is for no task of ours"
    if not isinstance(headers.get("id"), str):
        return "it has no identity"
    for name in _LEFT_OPEN:
        value = headers.get(name)
        if value and value != [None, None]:
            return f"it says {name}, which ours leave open"
    if headers.get("retries") not in (None, 0):
        return "it says retries, which ours leave open"
    try:
        content = json.loads(bytes(body) if isinstance(body, memoryview) else body)
    except (ValueError, RecursionError):
        return "its body is not JSON"
    return _why_not_our_content(content)


def _why_not_our_content(content: Any) -> str | None:
    if not isinstance(content, list) or len(content) != 3:
        return "its body has another form"
    arguments, names, embedded = content
    if arguments != [] or not isinstance(names, dict) or not isinstance(embedded, dict):
        return "its body has another form"
    if not names.keys() <= NAMES or not all(isinstance(value, str) for value in names.values()):
        return "it names what ours do not"
    if not embedded.keys() <= _EMBEDDED or any(value is not None for value in embedded.values()):
        return "it asks for more than work: callbacks, a chain or a chord"
    return None


class QoS(redis.QoS):
    """Messages that are not done with: forgotten here also where Redis has no memory to note that down.

    Otherwise a worker would wait for ever to be done with a message before it takes another. Redis hands such
    a message out again later, and whoever gets it finds nothing to do.
    """

    def ack(self, delivery_tag: Any) -> None:
        """Be done with a message."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except OutOfMemoryError:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Be done with a message that is not ours."""
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except OutOfMemoryError:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """Redis, where anything may lie in the list that is a queue."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except _NO_MESSAGE as error:
            # It is out of the list already.
            logger().warning("message_rejected", reason=f"it is no message ({type(error).__name__})")
            raise Empty from error


class Transport(redis.Transport):
    """Redis as kombu speaks to it, by way of our channel."""

    Channel = Channel

    # A server that is out of memory is as good as away: later there may be room again.
    connection_errors = (*redis.Transport.connection_errors, OutOfMemoryError)


def guard_redis() -> None:
    """Have this process's connections to Redis survive what is no message."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
