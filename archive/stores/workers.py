"""Workers as the database knows them: who registered, when they were last alive, what they have in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from nashforge.archive.errors import NotAnArchive
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.models import InfoRow, RunRow, WorkerRow
from nashforge.archive.storage.rows import RunRef, columns, run_id
from nashforge.archive.storage.types import db_now
from nashforge.archive.work import Worker

WORKER = columns(WorkerRow, Worker, "silent")
FORGOTTEN_DAYS = 7.0
"""Workers that were silent for so long are struck off the list when another one registers."""


class WorkerStore(Database):
    """Operations on workers, and on what all of them share."""

    @property
    def uid(self) -> str:
        """Identity of this archive, so that services of several archives can share a broker."""
        with self._read() as connection:
            found = connection.scalar(select(InfoRow.value).where(InfoRow.key == "uid"))
        if found is None:
            raise NotAnArchive(f"{self.location} has lost its identity; restore a backup")
        return found

    def now(self) -> datetime:
        """Return the present by the database's clock: those of machines may differ."""
        with self._read() as connection:
            found: datetime | None = connection.scalar(select(db_now()))
        assert found is not None
        return found

    def register_worker(
        self, name: str, *, host: str, pid: int, kinds: str, slots: int, versions: Mapping[str, Any]
    ) -> None:
        """Note that a worker started; one of the same name is replaced."""
        with self._write() as connection:
            now = connection.scalar(select(db_now()))
            assert now is not None
            forgotten = WorkerRow.heartbeat < now - timedelta(days=FORGOTTEN_DAYS)
            connection.execute(delete(WorkerRow).where((WorkerRow.name == name) | forgotten))
            values = {"host": host, "pid": pid, "kinds": kinds, "slots": slots, "versions": dict(versions)}
            connection.execute(insert(WorkerRow).values(name=name, **values))

    def beat_worker(self, name: str) -> None:
        """Note that a worker is alive."""
        with self._write() as connection:
            connection.execute(update(WorkerRow).where(WorkerRow.name == name).values(heartbeat=db_now()))

    def leave_worker(self, name: str) -> None:
        """Note that a worker stopped."""
        with self._write() as connection:
            connection.execute(update(WorkerRow).where(WorkerRow.name == name).values(stopped=db_now()))

    def workers(self, *, alive_within: float | None = None) -> list[Worker]:
        """Return the workers by name; with ``alive_within``, those heard of in so many seconds."""
        with self._read() as connection:
            now = connection.scalar(select(db_now()))
            rows = connection.execute(select(*WORKER).order_by(WorkerRow.name)).all()
        assert now is not None
        found = []
        for row in rows:
            worker = Worker(*row)
            worker = replace(worker, silent=max((now - worker.heartbeat).total_seconds(), 0.0))
            if alive_within is None or (worker.stopped is None and worker.silent <= alive_within):
                found.append(worker)
        return found

    def request_pause(self, run: RunRef, *, paused: bool = True) -> None:
        """Hold a run back, or let it go on: workers claim nothing of it, whoever works on it asks nothing."""
        value = db_now() if paused else None
        with self._write() as connection:
            mine = update(RunRow).where(RunRow.id == run_id(run))
            connection.execute(mine.values(pause_requested=value))

    def pause_requested(self, run: RunRef) -> bool:
        """Return whether a run is held back."""
        with self._read() as connection:
            held = select(RunRow.pause_requested).where(RunRow.id == run_id(run))
            return connection.scalar(held) is not None
