"""From rows to records, and the references by which people name things."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, func, select, tuple_

from nashforge.archive.errors import AmbiguousReference, NotFound
from nashforge.archive.records import Candidate, Evaluation, Parent, Program, Run, Score, Study
from nashforge.archive.storage.models import (
    CandidateRow,
    EvaluationRow,
    ParentRow,
    ProgramRow,
    RunRow,
    ScoreRow,
    StudyRow,
)
from nashforge.games.naming import choice, nearest

RunRef: TypeAlias = Run | int
CandidateRef: TypeAlias = Candidate | int
ProgramRef: TypeAlias = Program | str
Named: TypeAlias = type[ProgramRow] | type[RunRow] | type[StudyRow]

_Id = TypeVar("_Id", int, str)

_SHOWN = 10
_NOT_JSON = "{} cannot be stored as JSON ({}); use plain finite values"


def run_id(run: RunRef) -> int:
    """Return the number of a run given as record or number."""
    return run.id if isinstance(run, Run) else run


def candidate_id(candidate: CandidateRef) -> int:
    """Return the number of a candidate given as record or number."""
    return candidate.id if isinstance(candidate, Candidate) else candidate


def program_key(program: ProgramRef) -> str:
    """Return the hash of a program given as record or hash."""
    return program.hash if isinstance(program, Program) else program


def columns(model: type, record: type, *without: str) -> list[Column[Any]]:
    """Return the model's columns in the order of the record's fields."""
    return [getattr(model, item.name) for item in fields(record) if item.name not in without]


RUN = columns(RunRow, Run)
STUDY = columns(StudyRow, Study)
PROGRAM = columns(ProgramRow, Program)
EVALUATION = columns(EvaluationRow, Evaluation, "scores")
SCORE = [getattr(ScoreRow, name) for name in Score._fields]


def candidate_select(record: type = Candidate) -> Select[*tuple[Any, ...]]:
    """Select candidates with the nicknames of their run and program, in the order of a record's fields."""
    names = getattr(record, "_fields", None) or [item.name for item in fields(record)]
    listed = [
        RunRow.nickname
        if name == "run"
        else ProgramRow.nickname
        if name == "nickname"
        else getattr(CandidateRow, name)
        for name in names
        if name != "parents"
    ]
    found = select(*listed).select_from(CandidateRow)
    if "run" in names:
        found = found.join(RunRow, RunRow.id == CandidateRow.run_id)
    return found.outerjoin(ProgramRow, ProgramRow.hash == CandidateRow.program)


_LINKS = select(ParentRow.candidate_id, ParentRow.parent_id, ParentRow.role).order_by(
    ParentRow.candidate_id, ParentRow.position
)
_LINKS_OF = _LINKS.where(ParentRow.candidate_id.in_(bindparam("children", expanding=True)))
_LINKS_OF_RUN = _LINKS.join(CandidateRow, CandidateRow.id == ParentRow.candidate_id).where(
    CandidateRow.run_id == bindparam("run")
)


def read_candidates(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    parameters: Mapping[str, Any] | None = None,
    *,
    run: int | None = None,
) -> list[Candidate]:
    """Return the candidates of a statement made from `candidate_select`, with their parents.

    If they are most of a run, name it: reading a run's links at once is faster than naming thousands of ids.
    """
    rows = connection.execute(statement, parameters).all()
    if run is not None:
        links = list(connection.execute(_LINKS_OF_RUN, {"run": run}).all())
    else:
        links = []
        for some in chunks([row[0] for row in rows]):
            links += connection.execute(_LINKS_OF, {"children": some}).all()
    parents: dict[int, list[Parent]] = {}
    for child, parent, role in links:
        parents.setdefault(child, []).append(Parent(parent, role))
    # The parents are the record's last field.
    return [Candidate(*(*row, tuple(parents.get(row[0], ())))) for row in rows]


def read_evaluations(
    connection: Connection, where: Sequence[ColumnElement[bool]], limit: int | None = None
) -> list[Evaluation]:
    """Return evaluations, oldest first (the newest ``limit`` of them), with their scores."""
    order = EvaluationRow.id.desc() if limit is not None else EvaluationRow.id
    statement = select(*EVALUATION).where(*where).order_by(order)
    rows = connection.execute(statement.limit(limit)).all()
    if limit is not None:
        rows = rows[::-1]
    scores: dict[int, list[Score]] = {}
    if limit is None:
        selections: list[Any] = [select(EvaluationRow.id).where(*where)]
    else:
        selections = list(chunks([row.id for row in rows]))
    for selection in selections:
        listed = (
            select(ScoreRow.evaluation_id, *SCORE)
            .where(ScoreRow.evaluation_id.in_(selection))
            .order_by(ScoreRow.id)
        )
        for row in connection.execute(listed).all():
            scores.setdefault(row[0], []).append(Score._make(row[1:]))
    return [evaluation_of(row, tuple(scores.get(row.id, ()))) for row in rows]


def pages(
    connection: Connection, statement: Select[*tuple[Any, ...]], *key: Any, size: int = 500
) -> Iterator[Sequence[Any]]:
    """Yield a statement's rows in order of a key that it selects, so many at a time."""
    page = ordered = statement.order_by(*key).limit(size)
    while rows := connection.execute(page).all():
        yield rows
        if len(rows) < size:
            return
        page = ordered.where(tuple_(*key) > tuple_(*(rows[-1]._mapping[column.key] for column in key)))


def evaluation_of(row: Row[*tuple[Any, ...]], scores: tuple[Score, ...]) -> Evaluation:
    """Return the record of a row of `EVALUATION`."""
    values = dict(row._mapping)
    return Evaluation(**{**values, "seeds": tuple(values["seeds"])}, scores=scores)


def chunks(ids: Sequence[_Id], size: int = 500) -> list[list[_Id]]:
    """Cut ids into pieces that fit one statement's parameters."""
    return [list(ids[i : i + size]) for i in range(0, len(ids), size)]


def check_json(what: str, value: Any) -> Any:
    """Return the value if JSON can hold it exactly.

    Raises
    ------
    ValueError
        If it holds something JSON cannot (NaN, an object).
    """
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(_NOT_JSON.format(what, error)) from error
    return value


def as_stored(what: str, value: Any) -> Any:
    """Return the value as it will be read again, if JSON can hold it exactly; errors as for `check_json`."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(_NOT_JSON.format(what, error)) from error


def is_taken(connection: Connection, kind: Named, nickname: str) -> bool:
    """Whether a program, run or study has this nickname, in capitals or not."""
    taken = select(kind.nickname).where(func.lower(kind.nickname) == nickname.lower())
    return connection.scalar(taken) is not None


def nicknames(connection: Connection, kind: Named) -> list[str]:
    """Return the nicknames of all programs, runs or studies."""
    return list(connection.scalars(select(kind.nickname)))


def one_match(
    kind: str,
    reference: str,
    names: Sequence[tuple[Any, str]],
    listing: str,
    known: Callable[[], Iterable[str]],
) -> Any:
    """Return the key of the only match of a reference.

    Parameters
    ----------
    kind
        "run", "study" or "program".
    reference
        What the person wrote.
    names
        Keys and nicknames of everything it fits.
    listing
        The command that lists what there is.
    known
        Returns all nicknames, for the error.
    """
    if len(names) == 1:
        return names[0][0]
    if not names:
        names_known = list(known())
        remedy = choice(reference, names_known, f"see `{listing}` for what there is")
        raise NotFound(f"no {kind} is called {reference!r}; {remedy}", nearest(reference, names_known))
    shown = [nickname for _, nickname in names[:_SHOWN]]
    more = " and more" if len(names) > _SHOWN else ""
    raise AmbiguousReference(
        f"{reference!r} fits several {kind}s: {', '.join(shown)}{more}; write more of the name"
    )
