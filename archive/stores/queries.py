"""Questions that people ask of the archive: the best, the failures, the course of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from nashforge.archive.records import FAILED, Candidate
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.models import CandidateRow, RunRow
from nashforge.archive.storage.rows import RunRef, candidate_select, chunks, read_candidates, run_id
from nashforge.archive.stores.views import Fitted, HistoryPoint

SPLITS = ("train", "validation", "test")


def _split(split: str) -> ColumnElement[Any]:
    if split not in SPLITS:
        raise ValueError(f"there is no fitness on {split!r}; choose one of {', '.join(SPLITS)}")
    column: ColumnElement[Any] = getattr(CandidateRow, split)
    return column


class Queries(Database):
    """Read-only questions over candidates."""

    def best(
        self,
        run: RunRef | None = None,
        *,
        split: str = "train",
        domain: str | None = None,
        limit: int = 10,
    ) -> list[Candidate]:
        """Return the candidates of highest fitness, best first, each program once; the earlier wins a tie.

        Parameters
        ----------
        run
            Only of this run; None for all runs (whose fitness is comparable only for equal configurations),
            but for what was measured elsewhere and imported.
        split
            ``train``, ``validation`` or ``test``. Candidates not measured on it are left out.
        domain
            Only of runs in this domain.
        limit
            At most so many.
        """
        column = _split(split)
        statement = candidate_select().where(column.is_not(None))
        if run is not None:
            statement = statement.where(CandidateRow.run_id == run_id(run))
            statement = statement.order_by(column.desc(), CandidateRow.index)
        else:
            statement = statement.where(CandidateRow.imported.is_(None))
            statement = statement.order_by(column.desc(), CandidateRow.id)
        if domain is not None:
            statement = statement.where(RunRow.domain == domain)
        with self._read() as connection:
            size = 2 * limit
            while True:
                rows = connection.execute(statement.limit(size)).all()
                unique: dict[str | None, int] = {}
                for row in rows:
                    unique.setdefault(row.program, row[0])
                if len(unique) >= limit or len(rows) < size:
                    break
                # Many candidates share a program: look further down.
                size *= 4
            order = {key: place for place, key in enumerate(list(unique.values())[:limit])}
            found = read_candidates(connection, candidate_select().where(CandidateRow.id.in_(order)))
        return sorted(found, key=lambda candidate: order[candidate.id])

    def fitted(self, run: RunRef) -> list[Fitted]:
        """Return the fitness of every measured candidate of a run, in ask order: quick for thousands."""
        columns = (
            CandidateRow.id,
            CandidateRow.index,
            CandidateRow.program,
            CandidateRow.train,
            CandidateRow.validation,
        )
        statement = select(*columns).where(
            CandidateRow.run_id == run_id(run), CandidateRow.train.is_not(None)
        )
        with self._read() as connection:
            rows = connection.execute(statement.order_by(CandidateRow.index)).all()
        return [Fitted._make(row) for row in rows]

    def get_candidates(self, ids: Sequence[int]) -> list[Candidate]:
        """Return candidates by their numbers, in that order."""
        found: dict[int, Candidate] = {}
        with self._read() as connection:
            for some in chunks(ids):
                wanted = candidate_select().where(CandidateRow.id.in_(some))
                found |= {candidate.id: candidate for candidate in read_candidates(connection, wanted)}
        return [found[key] for key in ids if key in found]

    def failures(
        self, run: RunRef | None = None, *, domain: str | None = None, limit: int = 20
    ) -> list[Candidate]:
        """Return the candidates that failed last, newest first; `counts` tells how many of each kind."""
        statement = candidate_select().where(CandidateRow.status.in_(FAILED)).limit(limit)
        if run is not None:
            statement = statement.where(CandidateRow.run_id == run_id(run))
        if domain is not None:
            statement = statement.where(RunRow.domain == domain)
        newest = (CandidateRow.finished.desc(), CandidateRow.id.desc())
        with self._read() as connection:
            return read_candidates(connection, statement.order_by(*newest))

    def history(self, run: RunRef, *, split: str = "train") -> list[HistoryPoint]:
        """Return the fitness of every measured candidate in ask order, with the best so far."""
        column = _split(split)
        statement: Select[*tuple[Any, ...]] = (
            select(CandidateRow.index, CandidateRow.id, column)
            .where(CandidateRow.run_id == run_id(run), column.is_not(None))
            .order_by(CandidateRow.index)
        )
        points: list[HistoryPoint] = []
        with self._read() as connection:
            for index, key, fitness in connection.execute(statement):
                best = fitness if not points else max(fitness, points[-1].best)
                points.append(HistoryPoint(index, key, fitness, best))
        return points
