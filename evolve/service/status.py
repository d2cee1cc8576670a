"""The status of the service, read from the archive, and from the broker if there is one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nashforge.archive import Archive, Run
from nashforge.archive.work import Activity, Worker
from nashforge.evolve.service.settings import ServiceSettings

SILENT_SECONDS = 60.0
"""A worker that was not heard of for so long is taken for dead, where no settings say otherwise."""


def service_status(
    archive: Archive, settings: ServiceSettings | None = None, run: Run | None = None
) -> dict[str, Any]:
    """Return workers, queues and rates as plain values, documented in docs/json.md.

    Parameters
    ----------
    settings
        Where the broker is; None to leave it out.
    run
        Only work of this run; None for all. Workers are shared by all runs.
    """
    activity = archive.workers.activity(run)
    silent = SILENT_SECONDS if settings is None else settings.stale_seconds
    return {
        "workers": [_worker(worker, activity, silent) for worker in archive.workers.registered()],
        "waiting": activity.waiting,
        "running": [asdict(item) for item in activity.running],
        "answered": sum(activity.answered.values()),
        "lost": activity.lost,
        "rate": activity.rate,
        "messages": None if settings is None else _messages(archive, settings),
    }


def _worker(worker: Worker, activity: Activity, silent: float) -> dict[str, Any]:
    busy = sum(item.worker == worker.name for item in activity.running)
    state = "busy" if busy else "idle"
    if worker.stopped is not None:
        state = "stopped"
    elif worker.silent > silent:
        state = "silent"
    return {
        "worker": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "state": state,
        "takes": worker.kinds.split(","),
        "slots": worker.slots,
        "busy": busy,
        "answered": activity.answered.get(worker.name, 0),
        "started": worker.started,
        "silent_seconds": round(worker.silent, 3),
        "versions": worker.versions,
    }


def _messages(archive: Archive, settings: ServiceSettings) -> dict[str, int | None]:
    from nashforge.evolve.service.broker import KINDS, Broker

    broker = Broker(settings, archive.database.uid)
    try:
        return {kind: broker.length(kind) for kind in KINDS}
    finally:
        broker.close()
