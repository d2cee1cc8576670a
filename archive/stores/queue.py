"""The queue of work that workers claim: the truth about who does what, whatever becomes of messages.

A piece of work has a key; every attempt at it is a row with a token of its own. An attempt is claimed by a
compare-and-set, together with its first heartbeat on the database's clock, and answered by its token while it
is still the claimer's. One whose heartbeat stops is lost: it stays as a row that says why, and another
attempt is queued in the same transaction, until there were too many. What a lost attempt answers later is
refused.

Runs share the workers by self-clocked fair queueing (Golestani 1994): an attempt is tagged when it is queued
with the later of the queue's present virtual time and the tag of its run's last attempt, plus 1 / weight;
the lowest tag is claimed first. So a run with twice the weight gets twice the claims, as long as it has work,
and a newcomer neither waits for the backlog of others nor makes up for the time before it came.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, null, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from nashforge.archive.hashing import clean_text
from nashforge.archive.records import OPEN, new_token
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import AttemptRow, CandidateRow, RunRow
from nashforge.archive.storage.rows import (
    ProgramRef,
    RunRef,
    check_json,
    chunks,
    columns,
    program_key,
    run_id,
)
from nashforge.archive.storage.types import db_now, present
from nashforge.archive.work import Attempt, AttemptState

MADE_ONCE = ("propose",)
"""Kinds of work that cost money: what was lost may have been charged, and is not repeated."""

CHANNEL = "nashforge_work"
"""PostgreSQL's channel on which answers are announced."""

ATTEMPT = columns(AttemptRow, Attempt)
_UNFINISHED = (AttemptState.QUEUED, AttemptState.RUNNING)
_ANSWERED = (AttemptState.DONE, AttemptState.FAILED, AttemptState.CANCELLED)

# Statements on the path of every evaluation are built once: building one costs more than running it.
_NEXT = (
    select(AttemptRow.id)
    .outerjoin(RunRow, RunRow.id == AttemptRow.run_id)
    .where(
        AttemptRow.state == AttemptState.QUEUED,
        AttemptRow.kind == bindparam("wanted"),
        RunRow.pause_requested.is_(None),
    )
    .order_by(AttemptRow.tag, AttemptRow.id)
    .limit(1)
    .with_for_update(of=AttemptRow, skip_locked=True)
)


def _claim(following: Select[int]) -> ReturningUpdate[*tuple[Any, ...]]:
    return (
        update(AttemptRow)
        .where(AttemptRow.id == following.scalar_subquery(), AttemptRow.state == AttemptState.QUEUED)
        .values(state=AttemptState.RUNNING, worker=bindparam("claimer"), started=db_now(), heartbeat=db_now())
        .returning(*ATTEMPT)
    )


def _not_of(runs: Collection[int | None]) -> list[ColumnElement[bool]]:
    """Return what leaves the work of some runs out."""
    owner = AttemptRow.run_id
    numbers = [number for number in runs if number is not None]
    return [or_(owner.is_(None), owner.not_in(numbers)), *([owner.is_not(None)] if None in runs else [])]


_CLAIM = _claim(_NEXT)
_BY_KEY = select(*ATTEMPT).where(AttemptRow.key == bindparam("wanted")).order_by(AttemptRow.id.desc())
_ANSWERS = (
    select(*ATTEMPT)
    .where(AttemptRow.key.in_(bindparam("keys", expanding=True)), AttemptRow.state.in_(_ANSWERED))
    .order_by(AttemptRow.id)
)
_OWN = (AttemptRow.token == bindparam("own"), AttemptRow.state == AttemptState.RUNNING)
_FINISH = (
    update(AttemptRow)
    .where(*_OWN)
    .values(
        state=AttemptState.DONE, result=bindparam("answer"), payload=null(), finished=db_now(), reason=None
    )
    .returning(AttemptRow.key)
)
_KIND = AttemptRow.kind == bindparam("wanted")
_PRESENT = select(func.min(AttemptRow.tag)).where(_KIND, AttemptRow.state.in_(_UNFINISHED))
_LATEST = select(func.max(AttemptRow.tag)).where(_KIND)
_LATEST_OF_RUN = _LATEST.where(AttemptRow.run_id == bindparam("owner"))


class WorkQueue(Store):
    """Operations on the queue of work."""

    def add(
        self,
        key: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        run: RunRef | None = None,
        program: ProgramRef | None = None,
        weight: float = 1.0,
    ) -> Attempt:
        """Queue a piece of work, unless an attempt at it is under way or has answered.

        Parameters
        ----------
        key
            Identity of the work: equal keys mean equal answers.
        kind
            Which workers may claim it.
        payload
            What to do, as plain JSON values.
        run, program
            What it is for: the run's open candidate with this program is noted with it.
        weight
            The run's share of the workers, relative to other runs.

        Returns
        -------
        Attempt
            The one that was queued, or the one that there is.
        """
        if not weight > 0:
            raise ValueError(f"the weight {weight} of a run must be positive; choose 1 for an equal share")
        owner = None if run is None else run_id(run)
        with self._database.transaction() as connection:
            last = connection.execute(_BY_KEY, {"wanted": key}).first()
            if last is not None:
                known = Attempt(*last)
                if known.state.open or known.result is not None:
                    return known
            values = {
                "token": new_token(),
                "key": key,
                "kind": kind,
                "run_id": owner,
                "candidate_id": self._candidate(connection, owner, program),
                "tag": self._due(connection, kind, owner) + 1.0 / weight,
                "state": AttemptState.QUEUED,
                "payload": check_json("the work", dict(payload)),
            }
            row = connection.execute(insert(AttemptRow).values(**values).returning(*ATTEMPT)).one()
            return Attempt(*row)

    @staticmethod
    def _candidate(connection: Connection, run: int | None, program: ProgramRef | None) -> int | None:
        if run is None or program is None:
            return None
        return connection.scalar(
            select(CandidateRow.id)
            .where(
                CandidateRow.run_id == run,
                CandidateRow.program == program_key(program),
                CandidateRow.status.in_(OPEN),
            )
            .order_by(CandidateRow.index.desc())
            .limit(1)
        )

    @staticmethod
    def _due(connection: Connection, kind: str, run: int | None) -> float:
        present = connection.scalar(_PRESENT, {"wanted": kind})
        if present is None:
            # Nobody waits. Virtual time never goes back, or a newcomer would overtake for long.
            present = connection.scalar(_LATEST, {"wanted": kind}) or 0.0
        if run is None:
            return present
        return max(present, connection.scalar(_LATEST_OF_RUN, {"wanted": kind, "owner": run}) or 0.0)

    def claim(self, kind: str, worker: str, *, without: Collection[int | None] = ()) -> Attempt | None:
        """Claim the attempt that is due next for a worker; None if none waits or their runs are paused.

        The first heartbeat is written in the same transaction.

        Parameters
        ----------
        without
            Runs whose work the worker cannot do; None stands for work that belongs to no run.
        """
        claim = _claim(_NEXT.where(*_not_of(without))) if without else _CLAIM
        with self._database.transaction() as connection:
            row = connection.execute(claim, {"wanted": kind, "claimer": worker}).one_or_none()
            return None if row is None else Attempt(*row)

    def heartbeat(self, tokens: Collection[str]) -> set[str]:
        """Say that the worker of some attempts is alive; return those that are still its own."""
        if not tokens:
            return set()
        mine = (AttemptRow.token.in_(list(tokens)), AttemptRow.state == AttemptState.RUNNING)
        with self._database.transaction() as connection:
            beat = update(AttemptRow).where(*mine).values(heartbeat=db_now()).returning(AttemptRow.token)
            return set(connection.scalars(beat))

    def answer(self, token: str, result: Mapping[str, Any]) -> bool:
        """Answer an attempt; return whether the answer counts.

        It does not if the attempt was given up before. Answering twice does no harm.
        """
        values = {"own": token, "answer": check_json("the answer", dict(result))}
        with self._database.transaction() as connection:
            key = connection.scalar(_FINISH, values)
            if key is not None:
                self._announce(connection, [key])
                return True
            # The answer may have been stored by a call that then lost its connection.
            state = connection.scalar(select(AttemptRow.state).where(AttemptRow.token == token))
            return state is AttemptState.DONE

    def give_up(self, token: str, reason: str, *, max_attempts: int, count: bool = True) -> bool:
        """Give an attempt back that its worker cannot finish; return whether it was the worker's own.

        Parameters
        ----------
        reason
            Why, in a few words.
        max_attempts
            After so many lost attempts the work has failed.
        count
            Whether the attempt counts as lost; not so when a worker is shut down.
        """
        with self._database.transaction() as connection:
            own = select(*ATTEMPT).where(AttemptRow.token == token, AttemptRow.state == AttemptState.RUNNING)
            row = connection.execute(own.with_for_update()).one_or_none()
            if row is None:
                return False
            limit = max_attempts if count else Attempt(*row).attempt + 1
            self._lose(connection, Attempt(*row), reason, limit, free=not count)
            return True

    def sweep(self, older_than: float, *, max_attempts: int) -> list[Attempt]:
        """Give up attempts without a heartbeat for ``older_than`` seconds.

        A heartbeat from so distant a future is none, either: the database's clock was set back since. Any
        process may do so at any time, several at once.

        Returns
        -------
        list of Attempt
            Those that were queued in their place.
        """
        with self._database.transaction() as connection:
            now, patience = present(connection), timedelta(seconds=older_than)
            stale = connection.execute(
                select(*ATTEMPT)
                .where(
                    AttemptRow.state == AttemptState.RUNNING,
                    or_(AttemptRow.heartbeat < now - patience, AttemptRow.heartbeat > now + patience),
                )
                .order_by(AttemptRow.id)
                .with_for_update(skip_locked=True)
            ).all()
            reason = f"no sign of life for {older_than:g} s"
            retried = [self._lose(connection, Attempt(*row), reason, max_attempts) for row in stale]
        return [attempt for attempt in retried if attempt is not None]

    def _lose(
        self, connection: Connection, lost: Attempt, reason: str, max_attempts: int, *, free: bool = False
    ) -> Attempt | None:
        """Close an attempt and queue another in its place, or fail if there were too many."""
        retried = lost.attempt < max_attempts and (free or lost.kind not in MADE_ONCE)
        mine = update(AttemptRow).where(AttemptRow.id == lost.id)
        told = clean_text(reason)
        if not retried:
            told = clean_text(self._history(connection, lost, reason))
        connection.execute(
            mine.values(
                state=AttemptState.LOST if retried else AttemptState.FAILED,
                reason=told,
                payload=null(),
                finished=db_now(),
            )
        )
        if not retried:
            self._announce(connection, [lost.key])
            return None
        copied = ("key", "kind", "run_id", "candidate_id", "tag", "payload")
        row = connection.execute(
            insert(AttemptRow)
            .values(
                **{name: getattr(lost, name) for name in copied},
                token=new_token(),
                attempt=lost.attempt + 1,
                state=AttemptState.QUEUED,
            )
            .returning(*ATTEMPT)
        ).one()
        return Attempt(*row)

    @staticmethod
    def _history(connection: Connection, last: Attempt, reason: str) -> str:
        before = connection.execute(
            select(AttemptRow.worker, AttemptRow.reason)
            .where(AttemptRow.key == last.key, AttemptRow.state == AttemptState.LOST)
            .order_by(AttemptRow.id.desc())
            .limit(last.attempt - 1)
        ).all()
        told = [f"{row.worker}: {row.reason}" for row in reversed(before)] + [f"{last.worker}: {reason}"]
        return f"{last.attempt} attempts were lost ({'; '.join(told)})"

    def _announce(self, connection: Connection, keys: Sequence[str]) -> None:
        """Wake those who wait for answers; they hear of it when the transaction is committed."""
        if connection.dialect.name == "postgresql":
            for key in keys:
                connection.execute(select(func.pg_notify(CHANNEL, key)))

    def answers(self, keys: Collection[str]) -> dict[str, Attempt]:
        """Return by key the attempts that ended their work: done, failed or cancelled."""
        found: dict[str, Attempt] = {}
        with self._database.reading() as connection:
            for some in chunks(sorted(keys)):
                for row in connection.execute(_ANSWERS, {"keys": some}):
                    attempt = Attempt(*row)
                    found[attempt.key] = attempt
                open_keys = select(AttemptRow.key).where(
                    AttemptRow.key.in_(some), AttemptRow.state.in_(_UNFINISHED)
                )
                if any(key in found for key in some):
                    # Cancelled before, and queued again since.
                    for key in connection.scalars(open_keys):
                        found.pop(key, None)
        return found

    def forget(self, keys: Collection[str]) -> None:
        """Drop the answers of work that is stored where it belongs; the attempts stay as history."""
        with self._database.transaction() as connection:
            for some in chunks(sorted(keys)):
                answered = (AttemptRow.key.in_(some), AttemptRow.state.in_(_ANSWERED))
                connection.execute(update(AttemptRow).where(*answered).values(result=null(), payload=null()))

    def cancel(self, run: RunRef | None, keys: Collection[str] | None = None) -> int:
        """Cancel what nobody has claimed, of a run or of some keys; return how many attempts."""
        where = [AttemptRow.state == AttemptState.QUEUED]
        where.append(AttemptRow.run_id.is_(None) if run is None else AttemptRow.run_id == run_id(run))
        if keys is not None:
            where.append(AttemptRow.key.in_(list(keys)))
        cancelled = {"state": AttemptState.CANCELLED, "payload": null(), "finished": db_now()}
        with self._database.transaction() as connection:
            ended = update(AttemptRow).where(*where).values(**cancelled).returning(AttemptRow.key)
            keys_ended = list(connection.scalars(ended))
            self._announce(connection, keys_ended)
            return len(keys_ended)

    def waiting(self, kind: str) -> int:
        """Return how many attempts could be claimed now."""
        statement = (
            select(func.count())
            .select_from(AttemptRow)
            .outerjoin(RunRow, RunRow.id == AttemptRow.run_id)
            .where(
                AttemptRow.state == AttemptState.QUEUED,
                AttemptRow.kind == kind,
                RunRow.pause_requested.is_(None),
            )
        )
        with self._database.reading() as connection:
            return connection.scalar(statement) or 0

    def attempts(
        self,
        *,
        run: RunRef | None = None,
        key: str | None = None,
        state: Sequence[AttemptState] | None = None,
        limit: int | None = None,
    ) -> list[Attempt]:
        """Return attempts that fit everything given, oldest first; with a ``limit``, the newest so many."""
        statement = select(*ATTEMPT)
        if run is not None:
            statement = statement.where(AttemptRow.run_id == run_id(run))
        if key is not None:
            statement = statement.where(AttemptRow.key == key)
        if state is not None:
            statement = statement.where(AttemptRow.state.in_(state))
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(AttemptRow.id.desc()).limit(limit)).all()
        return [Attempt(*row) for row in reversed(rows)]
