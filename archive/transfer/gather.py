"""The lines of an export, read from one snapshot of an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, true

from nashforge.archive.agents import Note
from nashforge.archive.calls import CallStatus, ModelCall
from nashforge.archive.records import OPEN, Candidate, Program, Run, Study
from nashforge.archive.storage.models import (
    CandidateRow,
    EvaluationRow,
    ModelCallRow,
    NoteRow,
    ProgramRow,
    RunRow,
    RunStateRow,
    StudyRow,
    StudyRunRow,
)
from nashforge.archive.storage.rows import (
    PROGRAM,
    RUN,
    STUDY,
    ProgramRef,
    RunRef,
    candidate_select,
    chunks,
    pages,
    read_candidates,
    read_evaluations,
)
from nashforge.archive.store import Archive
from nashforge.archive.stores.agents.notes import NOTE
from nashforge.archive.stores.calls import CALL
from nashforge.archive.transfer.lines import (
    CallLine,
    CandidateLine,
    EvaluationLine,
    Line,
    NoteLine,
    ParentLine,
    ProgramLine,
    RunLine,
    StudyLine,
)


def gather(
    archive: Archive,
    runs: Sequence[RunRef | str] | None,
    programs: Sequence[ProgramRef] | None,
    model_calls: bool,
) -> Iterator[Line]:
    """Yield programs, runs, studies, candidates, evaluations, notes, calls, each after what it refers to."""
    everything = runs is None and programs is None
    chosen_runs = [archive.runs.get(run).id for run in runs or ()]
    chosen_programs = [archive.programs.get(program).hash for program in programs or ()]
    in_runs: ColumnElement[bool] = true() if everything else RunRow.id.in_(chosen_runs)
    with archive.database.snapshot() as connection:
        hashes = None if everything else _wanted(connection, chosen_runs, chosen_programs)
        yield from _programs(connection, hashes)
        found = {
            row[0]: Run(*row) for row in connection.execute(select(*RUN).where(in_runs).order_by(RunRow.id))
        }
        for run in found.values():
            yield _run(connection, run)
        yield from _studies(connection, found)
        for run in found.values():
            yield from _candidates(connection, run)
        yield from _evaluations(connection, found, hashes)
        for run in found.values():
            for note in connection.execute(
                select(*NOTE).where(NoteRow.run_id == run.id).order_by(NoteRow.id)
            ):
                yield NoteLine(**_plain(Note(*note), "id", "run_id"), run=run.uid)
        if model_calls:
            for run in found.values():
                yield from _calls(connection, run)


def _plain(record: Any, *without: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _names(record.__class__) if name not in without}


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(record))


def _wanted(connection: Connection, runs: Sequence[int], programs: Sequence[str]) -> list[str]:
    """Return in order the hashes of programs, and of what runs proposed or measured.

    Runs also measure programs that they did not propose: what their fitness is relative to. Looked up once:
    a page that asked for them again would take as long as all of them.
    """
    found = set(programs)
    for row in (CandidateRow, EvaluationRow):
        used = select(row.program).where(row.run_id.in_(runs), row.program.is_not(None)).distinct()
        found.update(connection.scalars(used))
    return sorted(found)


def _programs(connection: Connection, hashes: Sequence[str] | None) -> Iterator[Line]:
    some = (
        pages(connection, select(*PROGRAM), ProgramRow.hash)
        if hashes is None
        else (
            connection.execute(
                select(*PROGRAM).where(ProgramRow.hash.in_(chunk)).order_by(ProgramRow.hash)
            ).all()
            for chunk in chunks(hashes)
        )
    )
    for rows in some:
        for row in rows:
            yield ProgramLine(**_plain(Program(*row), "imported"))


def _run(connection: Connection, run: Run) -> Line:
    values = connection.execute(
        select(RunStateRow.key, RunStateRow.value)
        .where(RunStateRow.run_id == run.id)
        .order_by(RunStateRow.key)
    )
    # Owner and heartbeat name a process of this machine.
    plain = _plain(run, "id", "owner", "heartbeat", "stop_requested", "pause_requested", "imported")
    return RunLine(**plain, values={row.key: row.value for row in values})


def _studies(connection: Connection, runs: dict[int, Run]) -> Iterator[Line]:
    """Yield the studies of which all runs are exported: with some of them, it would be another."""
    for row in connection.execute(select(*STUDY).order_by(StudyRow.id)).all():
        study = Study(*row)
        mine = select(StudyRunRow.run_id).where(StudyRunRow.study_id == study.id)
        members = list(connection.scalars(mine.order_by(StudyRunRow.position)))
        if members and all(run in runs for run in members):
            yield StudyLine(**_plain(study, "id", "imported"), runs=[runs[run].uid for run in members])


def _candidates(connection: Connection, run: Run) -> Iterator[Line]:
    numbers = select(CandidateRow.index, CandidateRow.id).where(CandidateRow.run_id == run.id)
    for rows in pages(connection, numbers, CandidateRow.index):
        some = candidate_select().where(CandidateRow.id.in_([row.id for row in rows]))
        found = read_candidates(connection, some.order_by(CandidateRow.index))
        places = _places(connection, found)
        for candidate in found:
            plain = _plain(candidate, "id", "run_id", "run", "nickname", "parents", "imported")
            parents = [
                ParentLine(run=places[p.candidate_id][0], index=places[p.candidate_id][1], role=p.role)
                for p in candidate.parents
            ]
            yield CandidateLine(**plain, run=run.uid, parents=parents)


def _places(connection: Connection, found: Sequence[Candidate]) -> dict[int, tuple[str, int]]:
    ids = {parent.candidate_id for candidate in found for parent in candidate.parents}
    rows = connection.execute(
        select(CandidateRow.id, RunRow.uid, CandidateRow.index)
        .join(RunRow, RunRow.id == CandidateRow.run_id)
        .where(CandidateRow.id.in_(ids))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _evaluations(
    connection: Connection, runs: dict[int, Run], programs: Sequence[str] | None
) -> Iterator[Line]:
    for ids in _evaluation_ids(connection, runs, programs):
        found = read_evaluations(connection, [EvaluationRow.id.in_(ids)])
        indices = _indices(connection, [e.candidate_id for e in found if e.candidate_id is not None])
        for evaluation in found:
            plain = _plain(
                evaluation, "id", "run_id", "candidate_id", "heartbeat", "scores", "seeds", "imported"
            )
            # Checked with the line, which takes a fifth of the time.
            scores: list[Any] = [score._asdict() for score in evaluation.scores]
            yield EvaluationLine(
                **plain,
                seeds=list(evaluation.seeds),
                run=None if evaluation.run_id is None else runs[evaluation.run_id].uid,
                candidate=None if evaluation.candidate_id is None else indices[evaluation.candidate_id],
                scores=scores,
            )


def _evaluation_ids(
    connection: Connection, runs: dict[int, Run], programs: Sequence[str] | None
) -> Iterator[Sequence[int]]:
    """Yield in order the ids of what has ended: of all, or of runs and of programs measured in none."""
    ended = select(EvaluationRow.id).where(EvaluationRow.status.not_in(OPEN))
    if programs is None:
        for rows in pages(connection, ended, EvaluationRow.id):
            yield [row.id for row in rows]
        return
    found = list(connection.scalars(ended.where(EvaluationRow.run_id.in_(list(runs)))))
    for chunk in chunks(programs):
        alone = ended.where(EvaluationRow.run_id.is_(None), EvaluationRow.program.in_(chunk))
        found += connection.scalars(alone)
    yield from chunks(sorted(found))


def _indices(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    rows = connection.execute(select(CandidateRow.id, CandidateRow.index).where(CandidateRow.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _calls(connection: Connection, run: Run) -> Iterator[Line]:
    settled = (ModelCallRow.run_id == run.id, ModelCallRow.status != CallStatus.RESERVED)
    for rows in pages(connection, select(*CALL).where(*settled), ModelCallRow.id):
        calls = [ModelCall(*row) for row in rows]
        indices = _indices(connection, [call.candidate_id for call in calls if call.candidate_id is not None])
        for call in calls:
            yield CallLine(
                **_plain(call, "id", "run_id", "candidate_id", "imported"),
                run=run.uid,
                candidate=None if call.candidate_id is None else indices[call.candidate_id],
            )
