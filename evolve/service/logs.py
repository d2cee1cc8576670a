"""Structured logs: one JSON object a line for machines, or readable lines; Celery's own among them."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal, TextIO

import structlog

Format = Literal["json", "text"]


def set_up_logs(form: Format, level: str = "info", stream: TextIO = sys.stderr) -> None:
    """Send this process's logs, and those of the libraries it uses, to a stream.

    Parameters
    ----------
    form
        ``json``: one object a line with ``event``, ``level``, ``time`` and what belongs to the event
        (``run``, ``candidate``, ``token``, ``worker``, ...); ``text``: the same for people.
    level
        The least severe level that is shown.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    if form == "json":
        ending: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        ending = [
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(),
                timestamp_key="time",
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What Celery says of every message is said better here, with the run and the candidate; and which plugins
    # Alembic has concerns nobody.
    for name in ("celery.app.trace", "celery.worker.strategy", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def logger(**context: Any) -> structlog.stdlib.BoundLogger:
    """Return a logger whose every line says this."""
    made: structlog.stdlib.BoundLogger = structlog.get_logger("nashforge").bind(**context)
    return made
