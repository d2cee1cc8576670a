"""Evaluations: stored measurements, each a row that is written once; its token makes repeating harmless."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
)

from nashforge.archive.errors import NotFound
from nashforge.archive.hashing import clean_text
from nashforge.archive.records import Evaluation, NewEvaluation, Status
from nashforge.archive.storage.bulk import SCORE, score_rows
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


AUDIT = "audit"
"""Suite, and its digest, of the rows that hold verdicts: they measure nothing, see `verdicts`."""

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
        assert key is not None
        told = ((s.game, s.metric, s.iteration, s.value, s.direction) for s in new.scores)
        scores += [dict(zip(SCORE, row, strict=True)) for row in score_rows(key, told)]
    if scores:
        connection.execute(_INSERT_SCORES, scores)


def _means(value: Any) -> Select[*tuple[Any, ...]]:
    """Select candidates of a run with a mean over the final scores of each evaluation.

    Those that count come last: the newest, and after all imported ones those of here.
    """
    wanted = (
        EvaluationRow.run_id == bindparam("run"),
        EvaluationRow.candidate_id.is_not(None),
        EvaluationRow.split == bindparam("split"),
        EvaluationRow.status == Status.OK,
        ScoreRow.metric == bindparam("metric"),
        ScoreRow.final,
    )
    of_these: Select[*tuple[Any, ...]] = select(
        EvaluationRow.candidate_id, func.avg(value, type_=Double())
    ).join(ScoreRow, ScoreRow.evaluation_id == EvaluationRow.id)
    counts = (EvaluationRow.imported.is_(None), EvaluationRow.id)
    return of_these.where(*wanted).group_by(EvaluationRow.id).order_by(*counts)


_MEANS = _means(ScoreRow.value)
_FLOOR: Any = bindparam("floor", type_=Double())
_LOGARITHMS = _means(func.ln(case((ScoreRow.value > _FLOOR, ScoreRow.value), else_=_FLOOR)))


class EvaluationStore(Store):
    """Operations on evaluations."""

    def means(self, run: RunRef, metric: str, *, split: str, floor: float | None = None) -> dict[int, float]:
        """Return what a metric came to in the end, as the mean over the games of a split, by candidate.

        Of a candidate that was measured several times, the newest measurement counts, and imported ones, as
        somebody else's word, only where there is none of here. The database computes the means: it reads an
        index of the last values alone.

        Parameters
        ----------
        floor
            If given, the mean is geometric, and smaller values count as so much; positive.
        """
        values: dict[str, Any] = {"run": run_id(run), "metric": metric, "split": split}
        if floor is not None:
            values["floor"] = floor
        with self._database.reading() as connection:
            found = connection.execute(_MEANS if floor is None else _LOGARITHMS, values).all()
        return {row[0]: row[1] if floor is None else math.exp(row[1]) for row in found}

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
        False``: others are somebody else's word. Audits are no measurements, and left out.
        """
        wanted = {
            EvaluationRow.program: None if program is None else program_key(program),
            EvaluationRow.run_id: None if run is None else run_id(run),
            EvaluationRow.candidate_id: None if candidate is None else candidate_id(candidate),
            EvaluationRow.split: split,
        }
        where = [column == value for column, value in wanted.items() if value is not None]
        where.append(EvaluationRow.suite_digest != AUDIT)
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
