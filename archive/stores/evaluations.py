"""Evaluations: stored measurements, each a row that is written once; its token makes repeating harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
)

from nashforge.archive.errors import NotFound
from nashforge.archive.hashing import clean_text
from nashforge.archive.records import Evaluation, NewEvaluation, Status
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import EvaluationRow, ScoreRow
from nashforge.archive.storage.rows import (
    CandidateRef,
    ProgramRef,
    RunRef,
    candidate_id,
    check_json,
    program_key,
    read_evaluations,
    run_id,
)
from nashforge.archive.storage.types import db_now


def stored_tokens() -> ColumnElement[bool]:
    """Return the condition that one of ``tokens`` is stored."""
    return exists().where(EvaluationRow.token.in_(bindparam("tokens", expanding=True)))


_RESULT = ("status", "cpu_seconds", "wall_seconds", "peak_memory", "fitness", "fingerprint")
_ATTEMPT = ("worker", "tier", "started")
_SPECIFICATION = ("token", "program", "split", "suite", "suite_digest", "evaluator")
# Statements on the path of every candidate are built once: building one costs more than running it.
_STORED = select(stored_tokens())
_INSERT = insert(EvaluationRow).values(finished=db_now()).returning(EvaluationRow.id)
_INSERT_SCORES = insert(ScoreRow)


def _values(new: NewEvaluation, run: int | None, candidate: int | None) -> dict[str, Any]:
    return {
        **{name: getattr(new, name) for name in (*_SPECIFICATION, *_ATTEMPT, *_RESULT)},
        "reason": clean_text(new.reason),
        "log": clean_text(new.log),
        "run_id": run,
        "candidate_id": candidate,
        "seeds": list(new.seeds),
        "settings": check_json("the evaluation's settings", dict(new.settings)),
    }


def insert_evaluations(
    connection: Connection, evaluations: Sequence[NewEvaluation], run: int | None, candidate: int | None
) -> None:
    """Write evaluations and their scores, within a transaction."""
    scores: list[dict[str, Any]] = []
    for new in evaluations:
        key = connection.scalar(_INSERT, _values(new, run, candidate))
        scores += [
            {
                "evaluation_id": key,
                "game": score.game,
                "metric": score.metric,
                "iteration": score.iteration,
                "value": float(score.value),
                "direction": score.direction,
            }
            for score in new.scores
        ]
    if scores:
        connection.execute(_INSERT_SCORES, scores)


def _last_values(dialect: str) -> Select[int, float]:
    """Select candidates of a run and, for each of their games, the last value of a metric."""
    iteration = func.coalesce(ScoreRow.iteration, 0)
    wanted = (
        EvaluationRow.run_id == bindparam("run"),
        EvaluationRow.candidate_id.is_not(None),
        EvaluationRow.split == bindparam("split"),
        EvaluationRow.status == Status.OK,
        ScoreRow.metric == bindparam("metric"),
    )
    place = (EvaluationRow.candidate_id, ScoreRow.game)
    last: ColumnElement[Any]
    value: Any
    if dialect == "sqlite":
        # Where there is one maximum, other columns are those of its row (SQLite's SELECT, 2.5).
        last, value = func.max(iteration), ScoreRow.value
    else:
        from sqlalchemy.dialects import postgresql

        # Arrays are compared from their first member on.
        last = literal(0)
        value = func.max(postgresql.array([cast(iteration, Double), ScoreRow.value]))[2]
    joined = select(place[0], type_coerce(value, Double), last).join(
        EvaluationRow, EvaluationRow.id == ScoreRow.evaluation_id
    )
    return joined.where(*wanted).group_by(*place)


class EvaluationStore(Store):
    """Operations on evaluations."""

    def last_values(self, run: RunRef, metric: str, *, split: str) -> Iterator[tuple[int, float]]:
        """Yield, for each candidate of a run and each game of a split, the last value of a metric.

        Yields
        ------
        int, float
            Number of the candidate, value. The games of a candidate come one after the other.
        """
        with self._database.reading() as connection:
            statement = _last_values(connection.dialect.name)
            found = connection.execute(statement, {"run": run_id(run), "metric": metric, "split": split})
            for row in found:
                yield row[0], row[1]

    def evaluators(self, run: RunRef) -> set[str]:
        """Return the versions of the evaluators that measured a run's candidates, and its reference."""
        statement = select(EvaluationRow.evaluator).where(EvaluationRow.run_id == run_id(run)).distinct()
        with self._database.reading() as connection:
            return set(connection.scalars(statement))

    def add(
        self,
        evaluation: NewEvaluation,
        *,
        run: RunRef | None = None,
        candidate: CandidateRef | None = None,
    ) -> Evaluation:
        """Store a measurement beside those there are; the same token is stored once.

        Whoever evaluates a candidate within a run uses `CandidateStore.finish` instead.

        Returns
        -------
        Evaluation
            What is stored under the token.
        """
        with self._database.transaction() as connection:
            if not connection.scalar(_STORED, {"tokens": [evaluation.token]}):
                insert_evaluations(
                    connection,
                    [evaluation],
                    None if run is None else run_id(run),
                    None if candidate is None else candidate_id(candidate),
                )
            return self.get(evaluation.token)

    def get(self, token: str) -> Evaluation:
        """Return an evaluation by its token.

        Raises
        ------
        NotFound
            If there is none.
        """
        with self._database.reading() as connection:
            found = read_evaluations(connection, [EvaluationRow.token == token])
        if not found:
            raise NotFound(f"no evaluation has the token {token!r}; see `nashforge show PROGRAM` for others")
        return found[0]

    def find(
        self,
        *,
        program: ProgramRef | None = None,
        run: RunRef | None = None,
        candidate: CandidateRef | None = None,
        split: str | None = None,
        status: Sequence[Status] | None = None,
        imported: bool | None = None,
        limit: int | None = None,
    ) -> list[Evaluation]:
        """Return evaluations that fit everything given, oldest first, with their scores.

        With a ``limit``, the newest so many. Whoever takes them for what was measured gives ``imported =
        False``: others are somebody else's word.
        """
        wanted = {
            EvaluationRow.program: None if program is None else program_key(program),
            EvaluationRow.run_id: None if run is None else run_id(run),
            EvaluationRow.candidate_id: None if candidate is None else candidate_id(candidate),
            EvaluationRow.split: split,
        }
        where = [column == value for column, value in wanted.items() if value is not None]
        if status is not None:
            where.append(EvaluationRow.status.in_(status))
        if imported is not None:
            own = EvaluationRow.imported.is_(None)
            where.append(~own if imported else own)
        with self._database.reading() as connection:
            return read_evaluations(connection, where, limit)

    def cached(
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

        The split is one of the conditions, so that a training score never stands in for a held-out one;
        without ``settings``, the suite's digest says all that matters.
        Failures are never returned: they may have been transient. Nor are imported measurements.
        """
        where = [
            EvaluationRow.program == program_key(program),
            EvaluationRow.suite_digest == suite_digest,
            EvaluationRow.evaluator == evaluator,
            EvaluationRow.split.is_(None) if split is None else EvaluationRow.split == split,
            EvaluationRow.status == Status.OK,
            EvaluationRow.imported.is_(None),
        ]
        with self._database.reading() as connection:
            found = read_evaluations(connection, where)
        for evaluation in reversed(found):
            if evaluation.seeds == tuple(seeds) and settings in (None, evaluation.settings):
                return evaluation
        return None
