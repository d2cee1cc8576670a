"""Candidates: proposed at a position of a run, and finished once, together with their measurements."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nashforge.archive.errors import Conflict, NotFound
from nashforge.archive.hashing import clean_text
from nashforge.archive.records import (
    FAILED,
    OPEN,
    Candidate,
    Evaluation,
    NewEvaluation,
    Parent,
    Program,
    Run,
    Status,
)
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, EvaluationRow, ParentRow, RunRow
from nashforge.archive.storage.rows import (
    CandidateRef,
    ProgramRef,
    RunRef,
    as_stored,
    candidate_id,
    candidate_select,
    chunks,
    program_key,
    read_candidates,
    read_evaluations,
    run_id,
)
from nashforge.archive.storage.types import db_now
from nashforge.archive.stores.evaluations import insert_evaluations, stored_tokens
from nashforge.archive.stores.runs import set_values
from nashforge.archive.stores.views import Fitted

# Statements on the path of every candidate are built once: building one costs more than running it.
_MADE = (CandidateRow.id, CandidateRow.created, CandidateRow.finished)
_INSERT = insert(CandidateRow).returning(*_MADE)
_INSERT_FINISHED = insert(CandidateRow).values(finished=db_now()).returning(*_MADE)
_INSERT_PARENTS = insert(ParentRow)
_BY_ID = candidate_select().where(CandidateRow.id == bindparam("key"))
_LOCK_RUN = select(RunRow.id).where(RunRow.id == bindparam("run")).with_for_update(key_share=True)
_LAST_INDEX = select(func.max(CandidateRow.index)).where(CandidateRow.run_id == bindparam("run"))
_COUNTS = (
    select(CandidateRow.status, func.count())
    .where(CandidateRow.run_id == bindparam("run"))
    .group_by(CandidateRow.status)
)
_FITTED = (
    select(*(getattr(CandidateRow, name) for name in Fitted._fields))
    .where(CandidateRow.run_id == bindparam("run"), CandidateRow.train.is_not(None))
    .order_by(CandidateRow.index)
)
_SET_PROGRAM = update(CandidateRow).where(
    CandidateRow.id == bindparam("key"), CandidateRow.status == Status.PROPOSING
)
_FINISH = (
    update(CandidateRow)
    .where(CandidateRow.id == bindparam("key"), CandidateRow.status.in_(OPEN))
    .values(finished=db_now())
    .returning(CandidateRow.run_id, CandidateRow.finished)
)
_FINISH_MEASURED = _FINISH.where(~stored_tokens())


def _fitness(values: Mapping[str, float | None]) -> dict[str, float]:
    for split, value in values.items():
        if value is not None and not math.isfinite(value):
            raise ValueError(f"the {split} fitness is {value}; it must be finite, or None where not measured")
    return {split: float(value) for split, value in values.items() if value is not None}


class CandidateStore(Store):
    """Operations on candidates."""

    def add(
        self,
        run: RunRef,
        *,
        program: ProgramRef | None = None,
        operator: str,
        proposer: str,
        index: int | None = None,
        parents: Sequence[Parent] = (),
        island: int | None = None,
        status: Status | None = None,
        reason: str | None = None,
        note: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Candidate:
        """Store a candidate.

        Parameters
        ----------
        program
            The stored program it proposes; None while it is being written or if there is none.
        operator, proposer
            What made it (``mutate``, ``crossover``, ``seed``, ...) and who (``offline``, ``anthropic:...``).
        index
            Position in the run's ask order; without, the next free one.
        parents
            Candidates it was made from, the most important first.
        status
            Without, ``pending``, or ``proposing`` if it has no program. Give a failure (``duplicate``,
            ``rejected``) with its ``reason`` to store it as finished at once.
        note
            What was changed, in words.
        data
            JSON values to be handed back on resume.

        Raises
        ------
        Conflict
            If the run has a candidate at this index, or the program or a parent is not stored.
        """
        if status is None:
            status = Status.PENDING if program is not None else Status.PROPOSING
        if status is Status.OK:
            raise ValueError("a candidate becomes 'ok' through CandidateStore.finish, with its measurements")
        with self._database.transaction() as connection:
            owner = run_id(run)
            if index is None:
                # The lock makes two processes that ask at once take different positions.
                connection.execute(_LOCK_RUN, {"run": owner})
                last = connection.scalar(_LAST_INDEX, {"run": owner})
                index = 0 if last is None else last + 1
            values: dict[str, Any] = {
                "run_id": owner,
                "index": index,
                "status": status,
                "program": None if program is None else program_key(program),
                "operator": operator,
                "proposer": proposer,
                "island": island,
                "reason": clean_text(reason),
                "note": clean_text(note),
                "data": as_stored("the candidate's data", dict(data or {})),
            }
            try:
                statement = _INSERT_FINISHED if status.finished else _INSERT
                added, created, finished = connection.execute(statement, values).one()
                if parents:
                    links = [
                        {"candidate_id": added, "position": i, "parent_id": p.candidate_id, "role": p.role}
                        for i, p in enumerate(parents)
                    ]
                    connection.execute(_INSERT_PARENTS, links)
            except IntegrityError as error:
                raise Conflict(
                    f"run {owner} already has a candidate at index {index}, or its program or a parent is not"
                    f" stored ({' '.join(str(error.orig).split())}); read the run's candidates again first"
                ) from error
            if not isinstance(run, Run) or isinstance(program, str):
                return self.get(added)
            return Candidate(
                **values,
                id=added,
                run=run.nickname,
                nickname=None if program is None else program.nickname,
                created=created,
                finished=finished,
                train=None,
                validation=None,
                test=None,
                parents=tuple(parents),
            )

    def get(self, candidate: CandidateRef) -> Candidate:
        """Return a candidate as it is stored now.

        Raises
        ------
        NotFound
            If there is none of this number.
        """
        with self._database.reading() as connection:
            found = read_candidates(connection, _BY_ID, {"key": candidate_id(candidate)})
        if not found:
            raise NotFound(f"there is no candidate number {candidate_id(candidate)}; see `nashforge runs`")
        return found[0]

    def set_program(
        self,
        candidate: CandidateRef,
        program: ProgramRef,
        *,
        note: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Candidate:
        """Give a candidate that was being proposed its program; it is then ``pending``.

        Raises
        ------
        Conflict
            If it has a program already or is finished.
        """
        values: dict[str, Any] = {"program": program_key(program), "status": Status.PENDING}
        if note is not None:
            values["note"] = clean_text(note)
        if data is not None:
            values["data"] = as_stored("the candidate's data", dict(data))
        with self._database.transaction() as connection:
            if not connection.execute(_SET_PROGRAM, {"key": candidate_id(candidate), **values}).rowcount:
                current = self.get(candidate)
                raise Conflict(
                    f"candidate {current.index} of {current.run} is {current.status}, not being proposed; "
                    "read it again first"
                )
            if isinstance(candidate, Candidate) and isinstance(program, Program):
                return replace(candidate, **values, nickname=program.nickname)
            return self.get(candidate)

    def finish(
        self,
        candidate: CandidateRef,
        status: Status,
        *,
        evaluations: Sequence[NewEvaluation] = (),
        reason: str | None = None,
        train: float | None = None,
        validation: float | None = None,
        test: float | None = None,
        data: Mapping[str, Any] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> Candidate | None:
        """Finish a candidate with everything that was measured, in one transaction, once.

        Parameters
        ----------
        candidate
            A candidate that is not finished.
        status
            ``ok`` or the kind of failure.
        evaluations
            Its measurements, each a new row.
        reason
            Why it failed.
        train, validation, test
            Fitness, higher is better, where measured.
        data
            Replaces the candidate's data if given.
        state
            Values of `RunStore.set_value` to store in the same transaction.

        Returns
        -------
        Candidate or None
            The candidate as this call finished it. None if it, or one of the measurements, was stored before:
            then nothing is written, so that repeating a call does no harm.

        Raises
        ------
        ValueError
            If the status is not final, or a failure is given a fitness.
        """
        fitness = _fitness({"train": train, "validation": validation, "test": test})
        if not status.finished:
            raise ValueError(f"a candidate cannot finish as {status}; give 'ok' or a kind of failure")
        if status.failed and fitness:
            raise ValueError(f"a candidate that ended as {status} must have no fitness")
        with self._database.transaction() as connection:
            key = candidate_id(candidate)
            values: dict[str, Any] = {"status": status, "reason": clean_text(reason), **fitness}
            if data is not None:
                values["data"] = as_stored("the candidate's data", dict(data))
            tokens = {"tokens": [evaluation.token for evaluation in evaluations]} if evaluations else {}
            statement = _FINISH_MEASURED if evaluations else _FINISH
            done = connection.execute(statement, {"key": key, **tokens, **values}).one_or_none()
            if done is None:
                self.get(key)  # raises if there is none
                return None
            insert_evaluations(connection, evaluations, done.run_id, key)
            if state:
                set_values(connection, done.run_id, state)
            if isinstance(candidate, Candidate):
                return replace(candidate, **values, finished=done.finished)
            return self.get(key)

    def set_fitness(
        self,
        candidate: CandidateRef,
        *,
        train: float | None = None,
        validation: float | None = None,
        test: float | None = None,
    ) -> Candidate:
        """Set fitness that was measured later (the test suite at the end); None leaves a value as it is.

        Raises
        ------
        Conflict
            If the candidate failed or is not finished.
        """
        values = _fitness({"train": train, "validation": validation, "test": test})
        with self._database.transaction() as connection:
            if values:
                mine = (CandidateRow.id == candidate_id(candidate), CandidateRow.status == Status.OK)
                if not connection.execute(update(CandidateRow).where(*mine).values(**values)).rowcount:
                    current = self.get(candidate)
                    raise Conflict(
                        f"candidate {current.index} of {current.run} is {current.status} and can have no "
                        "fitness; evaluate its program again instead"
                    )
            return self.get(candidate)

    def forget_imported(self, run: RunRef) -> int:
        """Make candidates ``pending`` whose outcome was imported, to measure them here; return how many.

        Their evaluations stay, marked as imported. Those that failed elsewhere are left as they are.
        """
        mine = (
            CandidateRow.run_id == run_id(run),
            CandidateRow.imported.is_not(None),
            CandidateRow.program.is_not(None),
            CandidateRow.status == Status.OK,
        )
        nothing = dict.fromkeys(("train", "validation", "test", "reason", "finished", "imported"))
        with self._database.transaction() as connection:
            statement = update(CandidateRow).where(*mine).values(status=Status.PENDING, **nothing)
            return connection.execute(statement).rowcount

    def of(
        self, run: RunRef, *, status: Sequence[Status] | None = None, start: int = 0, limit: int | None = None
    ) -> list[Candidate]:
        """Return a run's candidates in ask order, from index ``start``, of the given statuses."""
        where = [CandidateRow.run_id == run_id(run), CandidateRow.index >= start]
        if status is not None:
            where.append(CandidateRow.status.in_(status))
        statement = candidate_select().where(*where).order_by(CandidateRow.index).limit(limit)
        with self._database.reading() as connection:
            many = limit is None and status is None and start == 0
            return read_candidates(connection, statement, run=run_id(run) if many else None)

    def of_program(self, program: ProgramRef, run: RunRef | None = None) -> list[Candidate]:
        """Return every candidate that proposed a program, oldest first."""
        statement = candidate_select().where(CandidateRow.program == program_key(program))
        if run is not None:
            statement = statement.where(CandidateRow.run_id == run_id(run))
        with self._database.reading() as connection:
            return read_candidates(connection, statement.order_by(CandidateRow.id))

    def by_id(self, ids: Sequence[int]) -> list[Candidate]:
        """Return candidates by their numbers, in that order."""
        found: dict[int, Candidate] = {}
        with self._database.reading() as connection:
            for some in chunks(ids):
                rows = read_candidates(connection, candidate_select().where(CandidateRow.id.in_(some)))
                found.update((candidate.id, candidate) for candidate in rows)
        return [found[key] for key in ids if key in found]

    def counts(self, run: RunRef) -> dict[Status, int]:
        """Return the number of a run's candidates by status (only those that occur)."""
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(_COUNTS, {"run": run_id(run)})}

    def fitted(self, run: RunRef) -> list[Fitted]:
        """Return the fitness of every measured candidate of a run, in ask order: quick for thousands."""
        with self._database.reading() as connection:
            return [Fitted._make(row) for row in connection.execute(_FITTED, {"run": run_id(run)}).all()]

    def failures(self, run: RunRef, *, limit: int = 20) -> list[Candidate]:
        """Return a run's candidates that failed last, newest first; `counts` tells how many of each kind."""
        failed = (CandidateRow.run_id == run_id(run), CandidateRow.status.in_(FAILED))
        newest = (CandidateRow.finished.desc(), CandidateRow.id.desc())
        statement = candidate_select().where(*failed).order_by(*newest).limit(limit)
        with self._database.reading() as connection:
            return read_candidates(connection, statement)

    def outcomes(self, run: RunRef, *, page: int = 500) -> Iterator[tuple[Candidate, tuple[Evaluation, ...]]]:
        """Yield a run's candidates in ask order, each with its finished evaluations and their scores.

        A resumed run replays them to be where the interrupted one was. Reads ``page`` candidates at a time.
        """
        start = 0
        while True:
            measured: dict[int | None, list[Evaluation]] = {}
            with self._database.reading() as connection:
                found = self.of(run, start=start, limit=page)
                of_these = EvaluationRow.candidate_id.in_([candidate.id for candidate in found])
                for item in read_evaluations(connection, [of_these, EvaluationRow.status.not_in(OPEN)]):
                    measured.setdefault(item.candidate_id, []).append(item)
            for candidate in found:
                yield candidate, tuple(measured.get(candidate.id, ()))
            if len(found) < page:
                return
            start = found[-1].index + 1
