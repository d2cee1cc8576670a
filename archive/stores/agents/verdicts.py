"""Verdicts of audits: what was found to be suspicious about programs, kept as evaluations of their own.

An audit is a measurement of a program that gives no fitness a search could use: it belongs to no run and no
split. The newest one that was made here counts; imported ones are somebody else's word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from nashforge.archive.hashing import clean_text
from nashforge.archive.records import NewEvaluation, Status
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, EvaluationRow
from nashforge.archive.storage.rows import ProgramRef, RunRef, chunks, program_key, run_id
from nashforge.archive.stores.evaluations import AUDIT, insert_evaluations


class Verdict(StrEnum):
    """The outcome of an audit, the better the earlier."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    HACK = "hack"

    @property
    def flagged(self) -> bool:
        """Whether people are to be warned of the program."""
        return self is not Verdict.CLEAN

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A stored audit.

    Attributes
    ----------
    program : str
        Hash.
    by : str
        Who judged: ``probes``, the names of models, or a person.
    version : str
        Of the probes.
    findings : tuple of dict
        As they were stored: ``probe``, ``severity``, ``text``, ``lines``.
    """

    program: str
    verdict: Verdict
    by: str
    version: str
    findings: tuple[Mapping[str, Any], ...]
    made: datetime
    imported: datetime | None = None


_COLUMNS = (
    EvaluationRow.program,
    EvaluationRow.settings,
    EvaluationRow.evaluator,
    EvaluationRow.finished,
    EvaluationRow.queued,
    EvaluationRow.imported,
)


def _audits() -> Select[*tuple[Any, ...]]:
    mine = (EvaluationRow.suite_digest == AUDIT, EvaluationRow.suite == AUDIT)
    return select(*_COLUMNS).where(*mine).order_by(EvaluationRow.id)


class VerdictStore(Store):
    """Operations on verdicts."""

    def add(
        self,
        program: ProgramRef,
        verdict: Verdict,
        *,
        by: str,
        version: str,
        findings: Sequence[Mapping[str, Any]] = (),
    ) -> AuditRecord:
        """Store an audit beside those there are."""
        what = {"verdict": str(verdict), "by": clean_text(by), "findings": [dict(one) for one in findings]}
        row = NewEvaluation(
            program=program_key(program),
            suite=AUDIT,
            suite_digest=AUDIT,
            evaluator=version,
            status=Status.OK,
            fitness=-float(verdict.rank),
            settings=what,
        )
        with self._database.transaction() as connection:
            insert_evaluations(connection, [row], None, None)
            stored = connection.execute(_audits().where(EvaluationRow.token == row.token)).one()
            return _record(stored)

    def of(self, programs: Collection[str], *, imported: bool = False) -> dict[str, AuditRecord]:
        """Return the newest audit of each of some programs that has one, by hash.

        Parameters
        ----------
        programs
            Hashes.
        imported
            Whether to believe what others say of programs that were not audited here.
        """
        found: dict[str, AuditRecord] = {}
        with self._database.reading() as connection:
            for some in chunks(list(programs)):
                rows = connection.execute(_audits().where(EvaluationRow.program.in_(some))).all()
                _newest(found, rows, imported)
        return found

    def in_run(self, run: RunRef, *, imported: bool = False) -> dict[str, AuditRecord]:
        """Return the newest audit of each program of a run's candidates that has one, by hash."""
        proposed = select(CandidateRow.program).where(CandidateRow.run_id == run_id(run))
        found: dict[str, AuditRecord] = {}
        with self._database.reading() as connection:
            _newest(found, connection.execute(_audits().where(EvaluationRow.program.in_(proposed))), imported)
        return found

    def history(self, program: ProgramRef) -> list[AuditRecord]:
        """Return all audits of a program, oldest first, imported ones, too."""
        with self._database.reading() as connection:
            rows = connection.execute(_audits().where(EvaluationRow.program == program_key(program)))
            return [_record(row) for row in rows]


def _newest(found: dict[str, AuditRecord], rows: Any, imported: bool) -> None:
    """Take in rows, oldest first: what was found here comes before what others say."""
    for record in map(_record, rows):
        before = found.get(record.program)
        if record.imported is not None and (not imported or (before and before.imported is None)):
            continue
        found[record.program] = record


def _record(row: Any) -> AuditRecord:
    program, settings, version, finished, queued, imported = row
    said = settings if isinstance(settings, Mapping) else {}
    known = [one for one in Verdict if one == said.get("verdict")]
    findings = said.get("findings")
    return AuditRecord(
        program,
        # What cannot be read was written by somebody else's hand, or a later version: no clean bill.
        known[0] if known else Verdict.SUSPICIOUS,
        str(said.get("by", "")),
        version,
        tuple(one for one in findings if isinstance(one, Mapping)) if isinstance(findings, list) else (),
        finished or queued,
        imported,
    )
