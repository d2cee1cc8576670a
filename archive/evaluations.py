"""Evaluations: stored measurements, and the queue of those that workers are to make.

An evaluation row is one attempt. It is queued as ``pending``, claimed by a compare-and-set, kept alive by
heartbeats on the database's clock and finished by its token. An attempt whose heartbeat stopped is failed as
``infrastructure`` and a new row is queued beside it; whatever the lost worker reports later is refused. Locks
are always taken on the candidate first and on its evaluation second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from archive.database import Database
from archive.errors import NotFound
from archive.hashing import clean_text
from archive.models import CandidateRow, EvaluationRow, ScoreRow
from archive.records import OPEN, Evaluation, NewEvaluation, Status, new_token
from archive.rows import (
    EVALUATION,
    CandidateRef,
    ProgramRef,
    RunRef,
    candidate_id,
    check_json,
    evaluation_of,
    program_key,
    read_evaluations,
    run_id,
)
from archive.types import db_now

_RESULT = ("status", "cpu_seconds", "wall_seconds", "peak_memory", "fitness", "fingerprint")
_SPECIFICATION = ("token", "program", "split", "suite", "suite_digest", "evaluator")
# Statements on the path of every candidate are built once: building one costs more than running it.
_BY_TOKEN = (
    select(EvaluationRow.token, EvaluationRow.id, EvaluationRow.status)
    .where(EvaluationRow.token.in_(bindparam("tokens", expanding=True)))
    .with_for_update()
)
_INSERT = insert(EvaluationRow).values(finished=db_now()).returning(EvaluationRow.id)
_FINISH = update(EvaluationRow).where(EvaluationRow.id == bindparam("key")).values(finished=db_now())
_INSERT_SCORES = insert(ScoreRow)


class EvaluationStore(Database):
    """Operations on evaluations."""

    def record_evaluation(
        self,
        evaluation: NewEvaluation,
        *,
        run: RunRef | None = None,
        candidate: CandidateRef | None = None,
    ) -> Evaluation:
        """Store a measurement beside those there are; the same token is stored once.

        A token that was queued finishes its row. Whoever evaluates a candidate within a run uses
        `finish_candidate` instead.

        Returns
        -------
        Evaluation
            What is stored under the token. If the attempt was given up before, that is the failure.
        """
        with self._write() as connection:
            queued = self._queued(connection, [evaluation])
            if queued is not None:
                self._store(
                    connection,
                    evaluation,
                    None if run is None else run_id(run),
                    None if candidate is None else candidate_id(candidate),
                    queued,
                )
            return self.get_evaluation(evaluation.token)

    @staticmethod
    def _queued(connection: Connection, evaluations: Sequence[NewEvaluation]) -> dict[str, int] | None:
        """Return the rows of unfinished attempts by token, locked; None if a token is of a finished one."""
        if not evaluations:
            return {}
        tokens = [evaluation.token for evaluation in evaluations]
        stored = connection.execute(_BY_TOKEN, {"tokens": tokens}).all()
        if any(row.status.finished for row in stored):
            return None
        return {row.token: row.id for row in stored}

    @staticmethod
    def _store(
        connection: Connection,
        new: NewEvaluation,
        run: int | None,
        candidate: int | None,
        queued: Mapping[str, int],
    ) -> None:
        """Write an acceptable evaluation and its scores: into its queued row, or as a new row."""
        result: dict[str, Any] = {name: getattr(new, name) for name in _RESULT}
        result |= {"reason": clean_text(new.reason), "log": clean_text(new.log)}
        given = {name: getattr(new, name) for name in ("worker", "tier", "started")}
        result |= {name: value for name, value in given.items() if value is not None}
        key = queued.get(new.token)
        if key is not None:
            connection.execute(_FINISH, {**result, "key": key})
        else:
            specification = {name: getattr(new, name) for name in _SPECIFICATION}
            key = connection.scalar(
                _INSERT,
                {
                    **result,
                    **specification,
                    "run_id": run,
                    "candidate_id": candidate,
                    "seeds": list(new.seeds),
                    "settings": check_json("the evaluation's settings", dict(new.settings)),
                },
            )
        if new.scores:
            connection.execute(
                _INSERT_SCORES,
                [
                    {
                        "evaluation_id": key,
                        "game": score.game,
                        "metric": score.metric,
                        "iteration": score.iteration,
                        "value": float(score.value),
                        "direction": score.direction,
                    }
                    for score in new.scores
                ],
            )

    def get_evaluation(self, token: str) -> Evaluation:
        """Return an evaluation by its token.

        Raises
        ------
        NotFound
            If there is none.
        """
        with self._read() as connection:
            found = read_evaluations(connection, [EvaluationRow.token == token])
        if not found:
            raise NotFound(f"no evaluation has the token {token!r}; queue it first")
        return found[0]

    def evaluations(
        self,
        *,
        program: ProgramRef | None = None,
        run: RunRef | None = None,
        candidate: CandidateRef | None = None,
        suite: str | None = None,
        split: str | None = None,
        status: Sequence[Status] | None = None,
        limit: int | None = None,
    ) -> list[Evaluation]:
        """Return evaluations that fit everything given, oldest first, with their scores.

        With a ``limit``, the newest so many.
        """
        where: list[ColumnElement[bool]] = []
        if program is not None:
            where.append(EvaluationRow.program == program_key(program))
        if run is not None:
            where.append(EvaluationRow.run_id == run_id(run))
        if candidate is not None:
            where.append(EvaluationRow.candidate_id == candidate_id(candidate))
        if suite is not None:
            where.append(EvaluationRow.suite == suite)
        if split is not None:
            where.append(EvaluationRow.split == split)
        if status is not None:
            where.append(EvaluationRow.status.in_(status))
        with self._read() as connection:
            return read_evaluations(connection, where, limit)

    def cached_evaluation(
        self,
        program: ProgramRef,
        *,
        suite_digest: str,
        evaluator: str,
        split: str | None = None,
        seeds: Sequence[int] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Evaluation | None:
        """Return the newest successful measurement made under exactly these conditions, or None.

        The split is one of the conditions, so that a training score never stands in for a held-out one.
        Failures are never returned: they may have been transient.
        """
        where = [
            EvaluationRow.program == program_key(program),
            EvaluationRow.suite_digest == suite_digest,
            EvaluationRow.evaluator == evaluator,
            EvaluationRow.split.is_(None) if split is None else EvaluationRow.split == split,
            EvaluationRow.status == Status.OK,
        ]
        with self._read() as connection:
            found = read_evaluations(connection, where)
        wanted = (tuple(seeds), dict(settings or {}))
        return next((e for e in reversed(found) if (e.seeds, e.settings) == wanted), None)

    def queue_evaluation(
        self,
        program: ProgramRef,
        *,
        suite: str,
        suite_digest: str = "",
        evaluator: str = "",
        split: str | None = None,
        seeds: Sequence[int] = (),
        settings: Mapping[str, Any] | None = None,
        run: RunRef | None = None,
        candidate: CandidateRef | None = None,
        token: str | None = None,
    ) -> Evaluation:
        """Queue an evaluation for a worker to claim."""
        values = {
            "token": token or new_token(),
            "program": program_key(program),
            "run_id": None if run is None else run_id(run),
            "candidate_id": None if candidate is None else candidate_id(candidate),
            "split": split,
            "suite": suite,
            "suite_digest": suite_digest,
            "evaluator": evaluator,
            "seeds": list(seeds),
            "settings": check_json("the evaluation's settings", dict(settings or {})),
            "status": Status.PENDING,
        }
        with self._write() as connection:
            row = connection.execute(insert(EvaluationRow).values(**values).returning(*EVALUATION)).one()
            return evaluation_of(row, ())

    def claim_evaluation(self, token: str, worker: str) -> Evaluation | None:
        """Claim a queued evaluation for a worker; None if it was claimed, finished or given up before.

        The first heartbeat is written in the same transaction.
        """
        with self._write() as connection:
            candidate = connection.scalar(
                select(EvaluationRow.candidate_id).where(EvaluationRow.token == token)
            )
            if candidate is not None:
                mine = CandidateRow.id == candidate
                connection.execute(select(CandidateRow.id).where(mine).with_for_update())
            row = connection.execute(
                update(EvaluationRow)
                .where(EvaluationRow.token == token, EvaluationRow.status == Status.PENDING)
                .values(status=Status.RUNNING, worker=worker, started=db_now(), heartbeat=db_now())
                .returning(*EVALUATION)
            ).one_or_none()
            if row is None:
                return None
            if candidate is not None:
                waiting = (CandidateRow.id == candidate, CandidateRow.status == Status.PENDING)
                connection.execute(update(CandidateRow).where(*waiting).values(status=Status.RUNNING))
            return evaluation_of(row, ())

    def claim_next(self, worker: str, *, run: RunRef | None = None) -> Evaluation | None:
        """Claim the evaluation that has waited longest; None if none waits."""
        waiting = select(EvaluationRow.token).where(EvaluationRow.status == Status.PENDING)
        if run is not None:
            waiting = waiting.where(EvaluationRow.run_id == run_id(run))
        waiting = waiting.order_by(EvaluationRow.id).limit(16)
        while True:
            with self._read() as connection:
                tokens = connection.scalars(waiting).all()
            if not tokens:
                return None
            for token in tokens:
                claimed = self.claim_evaluation(token, worker)
                if claimed is not None:
                    return claimed

    def heartbeat(self, token: str) -> bool:
        """Say that the worker is alive; return whether the attempt is still its own."""
        mine = (EvaluationRow.token == token, EvaluationRow.status == Status.RUNNING)
        with self._write() as connection:
            changed = connection.execute(
                update(EvaluationRow).where(*mine).values(heartbeat=db_now())
            ).rowcount
            return changed == 1

    def requeue_stale(self, older_than: float, *, max_attempts: int = 3) -> list[Evaluation]:
        """Give up attempts without a heartbeat for ``older_than`` seconds, and queue them again.

        The given-up attempt stays as a row with the status ``infrastructure``. After ``max_attempts`` nothing
        is queued and the candidate, if any, fails as ``infrastructure``.

        Returns
        -------
        list of Evaluation
            The newly queued attempts.
        """
        with self._read() as connection:
            now = connection.scalar(select(db_now()))
            assert now is not None
            cutoff = now - timedelta(seconds=older_than)
            stale = connection.execute(
                select(EvaluationRow.token, EvaluationRow.candidate_id)
                .where(EvaluationRow.status == Status.RUNNING, EvaluationRow.heartbeat < cutoff)
                .order_by(EvaluationRow.id)
            ).all()
        queued = []
        for token, candidate in stale:
            with self._write() as connection:
                if candidate is not None:
                    mine = CandidateRow.id == candidate
                    connection.execute(select(CandidateRow.id).where(mine).with_for_update())
                row = connection.execute(
                    update(EvaluationRow)
                    .where(
                        EvaluationRow.token == token,
                        EvaluationRow.status == Status.RUNNING,
                        EvaluationRow.heartbeat < cutoff,
                    )
                    .values(
                        status=Status.INFRASTRUCTURE,
                        reason=f"no sign of life from the worker for {older_than:g} s",
                        finished=db_now(),
                    )
                    .returning(*EVALUATION)
                ).one_or_none()
                if row is not None:
                    again = self._retry(connection, evaluation_of(row, ()), max_attempts)
                    queued += [] if again is None else [again]
        return queued

    @staticmethod
    def _retry(connection: Connection, lost: Evaluation, max_attempts: int) -> Evaluation | None:
        retried = lost.attempt < max_attempts
        if lost.candidate_id is not None:
            values: dict[str, Any] = {"status": Status.PENDING}
            if not retried:
                reason = f"{lost.attempt} attempts were lost; the last worker was {lost.worker}"
                values = {"status": Status.INFRASTRUCTURE, "reason": reason, "finished": db_now()}
            unfinished = (CandidateRow.id == lost.candidate_id, CandidateRow.status.in_(OPEN))
            connection.execute(update(CandidateRow).where(*unfinished).values(**values))
        if not retried:
            return None
        copied = (
            "program",
            "run_id",
            "candidate_id",
            "split",
            "suite",
            "suite_digest",
            "evaluator",
            "settings",
        )
        row = connection.execute(
            insert(EvaluationRow)
            .values(
                **{name: getattr(lost, name) for name in copied},
                seeds=list(lost.seeds),
                token=new_token(),
                attempt=lost.attempt + 1,
                status=Status.PENDING,
            )
            .returning(*EVALUATION)
        ).one()
        return evaluation_of(row, ())

    def cancel_queued(self, run: RunRef) -> int:
        """Cancel a run's evaluations that nobody has claimed; return how many."""
        waiting = (EvaluationRow.run_id == run_id(run), EvaluationRow.status == Status.PENDING)
        with self._write() as connection:
            return connection.execute(
                update(EvaluationRow).where(*waiting).values(status=Status.CANCELLED, finished=db_now())
            ).rowcount
