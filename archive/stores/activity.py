"""What goes on now: how much waits, what runs where, how fast it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from nashforge.archive.storage.database import Database
from nashforge.archive.storage.models import AttemptRow, CandidateRow, ProgramRow, RunRow
from nashforge.archive.storage.rows import RunRef, run_id
from nashforge.archive.storage.types import db_now
from nashforge.archive.work import Activity, AttemptState, Running

RECENT_SECONDS = 600.0


class ActivityStore(Database):
    """Questions about the queue of work."""

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
        with self._read() as connection:
            now = connection.scalar(select(db_now()))
            assert now is not None
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
                if state is AttemptState.DONE:
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
