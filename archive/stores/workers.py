"""Workers as the database knows them: who registered, when they were last alive, what they have in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import AttemptRow, CandidateRow, ProgramRow, RunRow, WorkerRow
from nashforge.archive.storage.rows import RunRef, columns, run_id
from nashforge.archive.storage.types import db_now, present
from nashforge.archive.work import Activity, AttemptState, Running, Worker

WORKER = columns(WorkerRow, Worker, "silent")
RECENT_SECONDS = 600.0
FORGOTTEN_DAYS = 7.0
"""Workers that were silent for so long are struck off the list when another one registers."""


class WorkerStore(Store):
    """Operations on workers, and on what all of them share."""

    def register(
        self, name: str, *, host: str, pid: int, kinds: str, slots: int, versions: Mapping[str, Any]
    ) -> None:
        """Note that a worker started; one of the same name is replaced."""
        with self._database.transaction() as connection:
            now = present(connection)
            forgotten = WorkerRow.heartbeat < now - timedelta(days=FORGOTTEN_DAYS)
            connection.execute(delete(WorkerRow).where((WorkerRow.name == name) | forgotten))
            values = {"host": host, "pid": pid, "kinds": kinds, "slots": slots, "versions": dict(versions)}
            connection.execute(insert(WorkerRow).values(name=name, **values))

    def heartbeat(self, name: str) -> None:
        """Note that a worker is alive."""
        with self._database.transaction() as connection:
            connection.execute(update(WorkerRow).where(WorkerRow.name == name).values(heartbeat=db_now()))

    def leave(self, name: str) -> None:
        """Note that a worker stopped."""
        with self._database.transaction() as connection:
            connection.execute(update(WorkerRow).where(WorkerRow.name == name).values(stopped=db_now()))

    def registered(self, *, alive_within: float | None = None) -> list[Worker]:
        """Return the workers by name; with ``alive_within``, those heard of in so many seconds."""
        with self._database.reading() as connection:
            now = present(connection)
            rows = connection.execute(select(*WORKER).order_by(WorkerRow.name)).all()
        found = []
        for row in rows:
            worker = Worker(*row)
            worker = replace(worker, silent=abs((now - worker.heartbeat).total_seconds()))
            if alive_within is None or (worker.stopped is None and worker.silent <= alive_within):
                found.append(worker)
        return found

    def activity(self, run: RunRef | None = None, *, recent: float = RECENT_SECONDS) -> Activity:
        """Return what goes on now, of one run or of all.

        Parameters
        ----------
        recent
            Seconds over which answers and losses are counted.
        """
        mine = [] if run is None else [AttemptRow.run_id == run_id(run)]
        waiting = (
            select(AttemptRow.kind, func.count())
            .where(AttemptRow.state == AttemptState.QUEUED, *mine)
            .group_by(AttemptRow.kind)
        )
        with self._database.reading() as connection:
            now = present(connection)
            lately = (AttemptRow.finished > now - timedelta(seconds=recent), *mine)
            done = (
                select(AttemptRow.worker, AttemptRow.state, func.count(), func.min(AttemptRow.finished))
                .where(
                    *lately, AttemptRow.state.in_((AttemptState.DONE, AttemptState.LOST, AttemptState.FAILED))
                )
                .group_by(AttemptRow.worker, AttemptRow.state)
            )
            answered: dict[str, int] = {}
            lost, first = 0, now
            for worker, state, count, earliest in connection.execute(done):
                if state is AttemptState.DONE and earliest is not None:
                    answered[worker or ""] = count
                    first = min(first, earliest)
                else:
                    lost += count
            return Activity(
                waiting={row[0]: row[1] for row in connection.execute(waiting)},
                running=tuple(
                    Running(*(*row[:-1], max((now - row[-1]).total_seconds(), 0.0)))
                    for row in connection.execute(_running().where(*mine))
                ),
                answered=answered,
                lost=lost,
                seconds=min(max((now - first).total_seconds(), 1.0), recent),
            )


def _running() -> Select[*tuple[Any, ...]]:
    return (
        select(
            AttemptRow.worker,
            AttemptRow.kind,
            RunRow.nickname,
            CandidateRow.index,
            ProgramRow.nickname,
            AttemptRow.attempt,
            AttemptRow.started,
        )
        .outerjoin(RunRow, RunRow.id == AttemptRow.run_id)
        .outerjoin(CandidateRow, CandidateRow.id == AttemptRow.candidate_id)
        .outerjoin(ProgramRow, ProgramRow.hash == CandidateRow.program)
        .where(AttemptRow.state == AttemptState.RUNNING)
        .order_by(AttemptRow.started)
    )
