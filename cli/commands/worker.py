"""``nashforge worker``: take part in runs that are executed by Celery."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import Broker, BrokerCa, BrokerCert, BrokerKey, Database

START_SECONDS, RETRY_SECONDS = 10.0, 300.0
"""How long a worker waits for a database that is away, when it starts and later."""


def worker(
    slots: Annotated[
        int | None, option("N", "Evaluations at the same time. [default: one a core]", "--slots", "-c", min=1)
    ] = None,
    queues: Annotated[
        str,
        option(
            "KINDS",
            "What to take, separated by commas: evaluate, propose (needs the keys of the models).",
            show_default=True,
        ),
    ] = "evaluate",
    name: Annotated[str | None, option("NAME", "Name of the worker. [default: HOST-PROCESS]")] = None,
    broker: Broker = None,
    broker_ca: BrokerCa = None,
    broker_cert: BrokerCert = None,
    broker_key: BrokerKey = None,
    database: Database = None,
    metrics_port: Annotated[
        int | None, option("PORT", "Serve metrics for Prometheus here.", min=0, max=65535)
    ] = None,
    metrics_address: Annotated[
        str,
        option(
            "ADDRESS", "Serve them at this address of the machine; 0.0.0.0 is all of them.", show_default=True
        ),
    ] = "127.0.0.1",
    grace: Annotated[
        float,
        option(
            "SECONDS",
            "When asked to stop, how long to go on with what is under way.",
            min=0,
            show_default=True,
        ),
    ] = 30.0,
    log_format: Annotated[Literal["json", "text"], flag("How to log.", show_default=True)] = "text",
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], flag("What to log.", show_default=True)
    ] = "info",
) -> None:
    """Work for runs started with --executor celery, until Ctrl-C.

    Claims evaluations that are queued in the archive, woken through the broker (Redis or RabbitMQ).
    """
    import os
    from contextlib import chdir

    from nashforge.archive import Archive
    from nashforge.evolve.executors.processes import DIRECTORY, python_environment
    from nashforge.extras import require

    require("service", "a worker")
    from nashforge.evolve.service.logs import set_up_logs
    from nashforge.evolve.service.settings import service_settings
    from nashforge.evolve.service.worker import ServiceWorker

    settings = service_settings(broker, broker_ca=broker_ca, broker_cert=broker_cert, broker_key=broker_key)
    set_up_logs(log_format, log_level)
    # Celery looks for modules in the current directory, which is no place to take code from.
    os.environ.update(python_environment(os.environ))
    with (
        Archive.open(database, start_seconds=START_SECONDS, retry_seconds=RETRY_SECONDS) as archive,
        chdir(DIRECTORY),
    ):
        working = ServiceWorker(
            archive,
            settings,
            slots=slots,
            kinds=[kind.strip() for kind in queues.split(",") if kind.strip()],
            name=name,
            metrics_port=metrics_port,
            metrics_address=metrics_address,
            grace_seconds=grace,
        )
        raise typer.Exit(working.run())
