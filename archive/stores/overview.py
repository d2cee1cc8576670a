"""Overviews: what people look at while runs go on, read without the rest of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, bindparam, case, distinct, func, or_, select

from nashforge.archive.records import FAILED, OPEN, RunState, Status
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import (
    AgentRequestRow,
    AttemptRow,
    CandidateRow,
    EvaluationRow,
    ModelCallRow,
    NoteRow,
    ProgramRow,
    RunRow,
    RunStateRow,
    StudyRow,
    WorkerRow,
)
from nashforge.archive.storage.rows import RunRef, candidate_select, run_id
from nashforge.archive.storage.types import present
from nashforge.archive.stores.views import Mark, Relative, Spent, Told
from nashforge.archive.stores.workers import RECENT_SECONDS
from nashforge.archive.work import AttemptState

Column: TypeAlias = Literal[
    "index", "train", "validation", "test", "nickname", "status", "operator", "proposer", "created", "run"
]
"""What the programs of runs are sorted by."""

HEARTBEAT_SECONDS = 15
"""A sign of life is news so often."""

SILENT_SECONDS = 60.0
"""Who was not heard of for so long is taken for dead."""

TICK_SECONDS = 60
"""As often, rates of the last minutes are told anew, as long as there is something in them."""

TAGS = "tags"
"""The key under which a run's tags are kept with its state."""

_COLUMNS: dict[str, Any] = {
    **{name: getattr(CandidateRow, name) for name in ("index", "status", "operator", "proposer", "created")},
    **{name: getattr(CandidateRow, name) for name in ("train", "validation", "test")},
    "nickname": ProgramRow.nickname,
    "run": RunRow.nickname,
}
_LIVE = (RunState.CREATED, RunState.RUNNING, RunState.PAUSED)

_MEASURED = (CandidateRow.run_id == bindparam("run"), CandidateRow.train.is_not(None))
_UNVERIFIED = CandidateRow.validation.is_(None)
_WORTH = case((_UNVERIFIED, CandidateRow.train), else_=(CandidateRow.train + CandidateRow.validation) / 2)
_LEADING = (
    select(CandidateRow.id, CandidateRow.program)
    .where(*_MEASURED)
    .order_by(_UNVERIFIED, _WORTH.desc(), CandidateRow.index)
)


def _records() -> Select[*tuple[Any, ...]]:
    """Select those that were better than all of their kind before them, verified or not."""
    before = func.max(_WORTH).over(partition_by=_UNVERIFIED, order_by=CandidateRow.index, rows=(None, -1))
    place = (CandidateRow.id, CandidateRow.train, CandidateRow.validation, CandidateRow.index)
    found = select(*place, _WORTH.label("worth"), before.label("before")).where(*_MEASURED).subquery()
    better = or_(found.c.before.is_(None), found.c.worth > found.c.before)
    return select(found.c.id, found.c.train, found.c.validation).where(better).order_by(found.c.index)


_RECORDS = _records()
_FRUITLESS = (
    select(func.count())
    .where(CandidateRow.run_id == bindparam("run"), CandidateRow.program.is_(None))
    .where(CandidateRow.status.in_((Status.REJECTED, Status.CANCELLED)))
)


class OverviewStore(Store):
    """Operations that say where everything stands, for pages that are looked at all the time."""

    def mark(self, silent_after: float = SILENT_SECONDS) -> Mark:
        """Return what tells whether anything changed since the last time, run by run; takes milliseconds.

        Numbers of rows are counted for runs that are under way, since rows become visible in another order
        than that in which their ids were given; for all others, the newest ids tell.

        Parameters
        ----------
        silent_after
            Who was not heard of for so many seconds is taken for dead, which is news though nobody wrote it.
        """
        named = (RunRow.id, RunRow.nickname, RunRow.state, RunRow.stop_reason, RunRow.finished)
        asked = (RunRow.stop_requested, RunRow.pause_requested, RunRow.owner, RunRow.heartbeat)
        # By the key of the table, whose rows hold long texts: one look for each run.
        tagged = select(RunStateRow.run_id, RunStateRow.value).where(
            RunStateRow.run_id.in_(select(RunRow.id)), RunStateRow.key == TAGS
        )
        heard = select(WorkerRow.heartbeat).where(WorkerRow.stopped.is_(None)).order_by(WorkerRow.id)
        newest = (CandidateRow, EvaluationRow, NoteRow, AttemptRow, StudyRow, AgentRequestRow)
        rows: list[ColumnElement[Any]] = [select(func.max(row.id)).scalar_subquery() for row in newest]
        rows += [select(func.max(AttemptRow.finished)).scalar_subquery()]
        rows += [select(func.count(WorkerRow.stopped)).scalar_subquery()]
        rows += [_attempts(state) for state in (AttemptState.QUEUED, AttemptState.RUNNING)]
        with self._database.reading() as connection:
            now = present(connection)

            def silent(beat: datetime) -> bool:
                return abs((now - beat).total_seconds()) >= silent_after

            runs: dict[int, tuple[Any, ...]] = {}
            owners: dict[int, str] = {}
            for row in connection.execute(select(*named, *asked)):
                beat = row[-1]
                signs = () if beat is None else (int(beat.timestamp()) // HEARTBEAT_SECONDS, silent(beat))
                runs[row[0]] = (*row[1:-1], *signs)
                if row[2] is RunState.RUNNING and row[-2] is not None:
                    owners[row[0]] = row[-2]
            for statement in (_counted(CandidateRow), _counted(ModelCallRow)):
                for run, status, count in connection.execute(statement):
                    if run in runs:
                        runs[run] += (status, count)
            for run, tags in connection.execute(tagged):
                if run in runs:
                    runs[run] += (str(tags),)
            lately = connection.scalar(
                select(AttemptRow.id)
                .where(AttemptRow.finished > now - timedelta(seconds=RECENT_SECONDS + TICK_SECONDS))
                .limit(1)
            )
            beats = list(connection.scalars(heard))
            rest = (*connection.execute(select(*rows)).one(), *map(silent, beats))
        ticks = [int(beat.timestamp() // HEARTBEAT_SECONDS) for beat in beats]
        if lately is not None:
            ticks.append(int(now.timestamp()) // TICK_SECONDS)
        return Mark(runs, rest, tuple(ticks), owners)

    def programs(
        self,
        run: RunRef | None = None,
        *,
        order: Column = "index",
        descending: bool = False,
        text: str = "",
        statuses: Collection[Status] = (),
        start: int = 0,
        limit: int | None = None,
    ) -> tuple[list[Relative], int]:
        """Return candidates of a run, or of all, sorted and filtered, and how many there are in all.

        Parameters
        ----------
        order, descending
            What has no value comes last either way.
        text
            Only those with this in their name, note, operator or proposer, whatever the case.
        statuses
            Only these; none for all.
        start, limit
            Which of them.
        """
        where: list[ColumnElement[bool]] = []
        if run is not None:
            where.append(CandidateRow.run_id == run_id(run))
        if statuses:
            where.append(CandidateRow.status.in_(tuple(statuses)))
        searched = text.strip().lower()
        if searched:
            columns = (ProgramRow.nickname, CandidateRow.note, CandidateRow.operator, CandidateRow.proposer)
            fits = [func.lower(column).contains(searched, autoescape=True) for column in columns]
            if not searched.isascii():  # of other letters, SQLite knows no case
                fits += [column.contains(text.strip(), autoescape=True) for column in columns]
            where.append(or_(*fits))
        key = _COLUMNS[order]
        tie = (CandidateRow.run_id.desc(), CandidateRow.index)
        ordered = (key.is_(None), key.desc() if descending else key, *tie)
        page: Select[*tuple[Any, ...]] = (
            candidate_select(Relative).where(*where).order_by(*ordered).offset(start).limit(limit)
        )
        count = select(func.count()).select_from(CandidateRow)
        if searched:
            count = count.outerjoin(ProgramRow, ProgramRow.hash == CandidateRow.program)
        with self._database.reading() as connection:
            found = [Relative._make(row) for row in connection.execute(page).all()]
            return found, int(connection.scalar(count.where(*where)) or 0)

    def leading(self, run: RunRef, limit: int | None = None) -> list[int]:
        """Return the ids of a run's best measured candidates, each program once, the earlier of equals first.

        Verified ones come before others, then the mean of the fitness on both kinds of games decides. The
        database sorts: of tens of thousands, as many are read as are asked for.
        """
        most = None if limit is None else 2 * limit
        with self._database.reading() as connection:
            while True:
                rows = connection.execute(_LEADING.limit(most), {"run": run_id(run)}).all()
                unique: dict[str | None, int] = {}
                for row in rows:
                    unique.setdefault(row[1], row[0])
                if most is None or len(rows) < most or len(unique) >= (limit or 0):
                    return list(unique.values())[:limit]
                most *= 4  # some programs came several times

    def records(self, run: RunRef) -> list[tuple[int, float, float | None]]:
        """Return those candidates of a run that were better than all of their kind before them.

        Returns
        -------
        list of tuple
            Id, training and validation fitness, in the order of asking; the verified ones are a kind, and
            the others.
        """
        with self._database.reading() as connection:
            found = connection.execute(_RECORDS, {"run": run_id(run)}).all()
        return [(row[0], row[1], row[2]) for row in found]

    def fruitless(self, run: RunRef) -> int:
        """Return how many candidates of a run ended before there was a program."""
        with self._database.reading() as connection:
            return int(connection.scalar(_FRUITLESS, {"run": run_id(run)}) or 0)

    def told(self, run: RunRef) -> list[Told]:
        """Return all candidates of a run, in the order of asking: quick for thousands."""
        statement = (
            candidate_select(Told).where(CandidateRow.run_id == run_id(run)).order_by(CandidateRow.index)
        )
        with self._database.reading() as connection:
            return [Told._make(row) for row in connection.execute(statement).all()]

    def spent(self, run: RunRef) -> dict[int, Spent]:
        """Return the processor seconds and dollars of each candidate of a run that took any."""
        number = run_id(run)
        seconds = (
            select(EvaluationRow.candidate_id, func.sum(EvaluationRow.cpu_seconds))
            .where(EvaluationRow.run_id == number, EvaluationRow.candidate_id.is_not(None))
            .group_by(EvaluationRow.candidate_id)
        )
        dollars = (
            select(ModelCallRow.candidate_id, func.sum(ModelCallRow.cost))
            .where(ModelCallRow.run_id == number, ModelCallRow.candidate_id.is_not(None))
            .group_by(ModelCallRow.candidate_id)
        )
        with self._database.reading() as connection:
            took = {row[0]: float(row[1] or 0.0) for row in connection.execute(seconds) if row[0] is not None}
            cost = {row[0]: float(row[1] or 0.0) for row in connection.execute(dollars) if row[0] is not None}
        return {key: Spent(took.get(key, 0.0), cost.get(key, 0.0)) for key in took.keys() | cost.keys()}

    def reasons(self, run: RunRef, *, limit: int) -> list[tuple[Status, str | None]]:
        """Return kind and reason of a run's latest failures, newest first; repetitions have none."""
        statement = (
            select(CandidateRow.status, CandidateRow.reason)
            .where(CandidateRow.run_id == run_id(run))
            .where(CandidateRow.status.in_([status for status in FAILED if status is not Status.DUPLICATE]))
            .order_by(CandidateRow.finished.desc(), CandidateRow.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(statement)]

    def passed(self, run: RunRef) -> dict[str, int]:
        """Return how many candidates of a run got how far, in the order of the stages.

        ``asked`` for, ``written``, ``novel``, then measured in ``smoke``, ``train`` and ``validation``: those
        that were found to work there, whatever came later.
        """
        mine = CandidateRow.run_id == run_id(run)
        novel = (CandidateRow.program.is_not(None), CandidateRow.status != Status.DUPLICATE)
        counts = select(
            func.count(),
            func.count(CandidateRow.program),
            func.count().filter(*novel),
            func.count(CandidateRow.train),
            func.count(CandidateRow.validation),
        ).where(mine)
        smoke = select(func.count(distinct(EvaluationRow.candidate_id))).where(
            EvaluationRow.run_id == run_id(run),
            EvaluationRow.split == "smoke",
            EvaluationRow.status == Status.OK,
        )
        with self._database.reading() as connection:
            asked, written, new, train, validation = connection.execute(counts).one()
            tried = int(connection.scalar(smoke) or 0)
        stages = {"asked": asked, "written": written, "novel": new}
        # A program that was measured before in another run is tried no second time.
        stages |= {"smoke": max(tried, train)} if tried else {}
        return {**stages, "train": train, "validation": validation}

    def open(self, run: RunRef, *, limit: int = 20) -> list[Relative]:
        """Return a run's candidates that are being written or measured, in the order of asking."""
        statement = (
            candidate_select(Relative)
            .where(CandidateRow.run_id == run_id(run), CandidateRow.status.in_(OPEN))
            .order_by(CandidateRow.index)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [Relative._make(row) for row in connection.execute(statement).all()]


def _counted(model: type[CandidateRow] | type[ModelCallRow]) -> Select[*tuple[Any, ...]]:
    """Select how many rows of each status the runs under way have."""
    return (
        select(model.run_id, model.status, func.count())
        .join(RunRow, RunRow.id == model.run_id)
        .where(RunRow.state.in_(_LIVE))
        .group_by(model.run_id, model.status)
        .order_by(model.run_id, model.status)
    )


def _attempts(state: AttemptState) -> ColumnElement[Any]:
    return select(func.count()).select_from(AttemptRow).where(AttemptRow.state == state).scalar_subquery()
