"""Merging the lines of an export into an archive, within the caller's transaction.

Whatever arrives is marked with the time of its arrival, for good. Nothing that was made here changes: a run
of this archive, or one that was continued here, takes nothing from a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from nashforge.archive.hashing import normalize_source, program_hash
from nashforge.archive.nicknames import ANIMALS, LANDSCAPES, candidates, is_given_name
from nashforge.archive.records import CallStatus, Role, RunState, Status
from nashforge.archive.storage.models import (
    Base,
    CandidateRow,
    EvaluationRow,
    ModelCallRow,
    NoteRow,
    ParentRow,
    ProgramRow,
    RunRow,
    RunStateRow,
    ScoreRow,
    StudyRow,
    StudyRunRow,
)
from nashforge.archive.storage.rows import is_taken
from nashforge.archive.storage.types import present
from nashforge.archive.transfer.limits import MOST_MISSING_PARENTS, REMEMBERED
from nashforge.archive.transfer.lines import (
    CallLine,
    CandidateLine,
    EvaluationLine,
    Line,
    NoteLine,
    ProgramLine,
    RunLine,
    StudyLine,
)

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class _Known(NamedTuple):
    """A run as it is here."""

    key: int
    own: bool
    """Whether it was made or continued here, so that no file changes it."""


class Merge:
    """Takes lines in the order of an export and adds what is not there.

    What it remembers of a file is bounded; the database knows the rest.

    Parameters
    ----------
    connection
        A write transaction.
    check
        Called with the kind and the fields of lines, before they are stored; raises ValueError for what
        cannot be read later. Of a run, ``changes`` are what was changed when it was resumed.

    Attributes
    ----------
    added, known, left_out : Counter
        New things, things that were there, and things that would have changed a run of this archive, by kind.
    renamed : dict of str to str
        Nicknames that were taken, and their replacements.
    missing_parents : int
        Links to candidates that are neither in the file nor in the archive.
    """

    def __init__(
        self,
        connection: Connection,
        check: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self.added: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.renamed: dict[str, str] = {}
        self.missing_parents = 0
        self._connection = connection
        self._check = check or (lambda kind, values: None)
        self._now = present(connection)
        self._programs: dict[str, bool] = {}
        self._runs: dict[str, _Known] = {}
        self._absent: dict[str, bool] = {}
        self._candidates: dict[tuple[int, int], int] = {}
        self._links: list[tuple[int, int, str, int, Role]] = []

    def take(self, line: Line) -> None:
        """Merge one line.

        Raises
        ------
        ValueError
            If it contradicts itself or refers to what came not before it.
        """
        if isinstance(line, ProgramLine):
            counter = self._program(line)
        elif isinstance(line, RunLine):
            counter = self._run(line)
        elif isinstance(line, StudyLine):
            counter = self._study(line)
        elif isinstance(line, CandidateLine):
            counter = self._candidate(line)
        elif isinstance(line, EvaluationLine):
            counter = self._evaluation(line)
        elif isinstance(line, CallLine):
            counter = self._call(line)
        elif isinstance(line, NoteLine):
            counter = self._note(line)
        else:
            raise ValueError(f"a line of the kind {line.kind!r} is out of place")
        counter[line.kind] += 1

    def _add(self, model: type[Base], values: dict[str, Any], key: Any) -> Any:
        """Insert a row unless a unique value of it is there; return its key, or None if it was."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(model).on_conflict_do_nothing().returning(key)
        return self._connection.scalar(statement, values)

    def _counted(self, new: bool) -> Counter[str]:
        return self.added if new else self.known

    def _free(self, model: Any, wanted: str, identity: str, nouns: tuple[str, ...]) -> str:
        at, allowed = self._connection, nouns is LANDSCAPES or is_given_name(wanted, nouns)
        # Runs and studies are called by the same commands.
        models = (model,) if model is ProgramRow else (RunRow, StudyRow)

        def free(name: str) -> bool:
            return not any(is_taken(at, each, name) for each in models)

        if allowed and free(wanted):
            return wanted
        new = next(name for name in candidates(identity, nouns) if free(name))
        self.renamed[wanted] = new
        return new

    def _program(self, line: ProgramLine) -> Counter[str]:
        if (
            normalize_source(line.source) != line.source
            or program_hash(line.source, line.domain) != line.hash
        ):
            raise ValueError(f"the source of {line.nickname} does not have the hash {line.hash[:12]}")
        if self._connection.scalar(select(ProgramRow.hash).where(ProgramRow.hash == line.hash)):
            return self.known
        nickname = self._free(ProgramRow, line.nickname, line.hash, ANIMALS)
        # What tells equal programs apart is worked out here: by another's word, a better program would be
        # taken for a repetition.
        values = {
            **line.model_dump(exclude={"kind"}),
            "nickname": nickname,
            "ast_hash": None,
            "imported": self._now,
        }
        return self._counted(self._add(ProgramRow, values, ProgramRow.hash) is not None)

    def _run(self, line: RunLine) -> Counter[str]:
        known = self._found_run(line.uid)
        if known is not None and known.own:
            return self.known
        changes = line.values.get("changes", {})
        if not isinstance(changes, dict):
            raise ValueError(f"the changes of the run {line.nickname} are no options by name")
        self._check(line.kind, {"domain": line.domain, "config": line.config, "changes": changes})
        values = line.model_dump(exclude={"kind", "values"})
        if line.state is RunState.RUNNING:
            values |= {"state": RunState.PAUSED, "stop_reason": "exported while it was running"}
        if known is None:
            values["nickname"] = self._free(RunRow, line.nickname, line.uid, LANDSCAPES)
            values["imported"] = self._now
            key = self._connection.scalar(insert(RunRow).returning(RunRow.id), values)
            assert key is not None
            self._runs[line.uid] = _Known(key, own=False)
            self._absent.pop(line.uid, None)
        else:
            key = known.key
            if line.finished is not None:
                mine = update(RunRow).where(RunRow.id == key, RunRow.finished.is_(None))
                outcome = {name: values[name] for name in ("state", "stop_reason", "started", "finished")}
                self._connection.execute(mine.values(**outcome))
        for name, value in line.values.items():
            self._add(RunStateRow, {"run_id": key, "key": name, "value": value}, RunStateRow.key)
        return self._counted(known is None)

    def _study(self, line: StudyLine) -> Counter[str]:
        runs = [self._run_of(uid).key for uid in line.runs]
        if len(set(runs)) < len(runs):
            raise ValueError(f"the study {line.nickname} has a run twice")
        self._check(line.kind, {"domain": line.domain, "config": line.config})
        known = self._connection.scalar(select(StudyRow.id).where(StudyRow.uid == line.uid))
        if known is not None:
            return self.known
        values = line.model_dump(exclude={"kind", "runs"})
        values["nickname"] = self._free(StudyRow, line.nickname, line.uid, LANDSCAPES)
        key = self._add(StudyRow, {**values, "imported": self._now}, StudyRow.id)
        for position, run in enumerate(runs):
            # A run is of one study: that of this archive, if there is one.
            self._add(StudyRunRow, {"run_id": run, "study_id": key, "position": position}, StudyRunRow.run_id)
        return self.added

    def _candidate(self, line: CandidateLine) -> Counter[str]:
        run = self._run_of(line.run)
        if line.program is not None:
            self._check_program(line.program)
        if line.status.failed and any(v is not None for v in (line.train, line.validation, line.test)):
            raise ValueError(f"candidate {line.index} failed and yet has a fitness")
        known = self._connection.execute(
            select(CandidateRow.id, CandidateRow.status).where(
                CandidateRow.run_id == run.key, CandidateRow.index == line.index
            )
        ).one_or_none()
        if run.own:
            return self.left_out if known is None else self.known
        values = line.model_dump(exclude={"kind", "run", "parents"})
        self._check(line.kind, values)
        if line.status is Status.RUNNING:
            values["status"] = Status.PENDING
        if known is None:
            statement = insert(CandidateRow).returning(CandidateRow.id)
            row = {**values, "run_id": run.key, "imported": self._now}
            key = self._connection.scalar(statement, row)
            assert key is not None
        else:
            key = known.id
            mine = update(CandidateRow).where(CandidateRow.id == key)
            if not known.status.finished and line.status.finished:
                names = ("status", "program", "reason", "note", "data", "finished")
                self._connection.execute(mine.values(**{name: values[name] for name in names}))
            if line.status is Status.OK and (known.status is Status.OK or not known.status.finished):
                fitness = {
                    name: func.coalesce(getattr(CandidateRow, name), values[name])
                    for name in ("train", "validation", "test")
                }
                self._connection.execute(mine.values(**fitness))
        _remember(self._candidates, (run.key, line.index), key)
        for position, parent in enumerate(line.parents):
            if parent.run == line.run and parent.index >= line.index:
                raise ValueError(f"candidate {line.index} descends from {parent.index}, which came later")
            self._link((key, position, parent.run, parent.index, parent.role), later=True)
        return self._counted(known is None)

    def link_parents(self) -> None:
        """Link candidates to parents that came after them; to be called when every candidate is there."""
        for link in self._links:
            self._link(link, later=False)

    def _link(self, link: tuple[int, int, str, int, Role], *, later: bool) -> None:
        child, position, uid, index, role = link
        run = self._found_run(uid)
        parent = None if run is None else self._found_candidate(run.key, index)
        if parent is not None:
            values = {"candidate_id": child, "position": position, "parent_id": parent, "role": role}
            self._add(ParentRow, values, ParentRow.parent_id)
        elif not later:
            self.missing_parents += 1
        elif len(self._links) < MOST_MISSING_PARENTS:
            self._links.append(link)
        else:
            raise ValueError(f"more than {MOST_MISSING_PARENTS} parents come after their children or nowhere")

    def _evaluation(self, line: EvaluationLine) -> Counter[str]:
        if not line.status.finished or (line.status.failed and (line.scores or line.fitness is not None)):
            raise ValueError(
                f"the evaluation {line.token} ended as {line.status} and yet has scores or no end"
            )
        if len({(s.game, s.metric, s.iteration) for s in line.scores}) != len(line.scores):
            raise ValueError(f"two scores of the evaluation {line.token} are of the same game and iteration")
        self._check_program(line.program)
        counter, key = self._of_run(EvaluationRow, line)
        if key is not None and line.scores:
            scores = [{**score.model_dump(), "evaluation_id": key} for score in line.scores]
            self._connection.execute(insert(ScoreRow), scores)
        return counter

    def _call(self, line: CallLine) -> Counter[str]:
        if line.status is CallStatus.RESERVED:
            raise ValueError(f"the model call {line.token} is not settled")
        return self._of_run(ModelCallRow, line)[0]

    def _note(self, line: NoteLine) -> Counter[str]:
        run = self._run_of(line.run)
        values = {"run_id": run.key, **line.model_dump(exclude={"kind", "run"})}
        same = [getattr(NoteRow, name).is_not_distinct_from(value) for name, value in values.items()]
        if self._connection.scalar(select(NoteRow.id).where(*same)) is not None:
            return self.known
        if run.own:
            return self.left_out
        self._connection.execute(insert(NoteRow), values)
        return self.added

    def _of_run(
        self, model: type[EvaluationRow | ModelCallRow], line: EvaluationLine | CallLine
    ) -> tuple[Counter[str], int | None]:
        """Add what has a token and may belong to a run; return where it counts, and its number if new."""
        run = None if line.run is None else self._run_of(line.run)
        if run is not None and run.own:
            stored = self._connection.scalar(select(model.id).where(model.token == line.token))
            return (self.left_out if stored is None else self.known), None
        values = line.model_dump(exclude={"kind", "run", "candidate", "scores"})
        self._check(line.kind, values)
        values["run_id"] = None if run is None else run.key
        values["candidate_id"] = self._candidate_of(run, line.candidate)
        key = self._add(model, {**values, "imported": self._now}, model.id)
        return self._counted(key is not None), key

    # What was described before: remembered, or looked up.

    def _check_program(self, digest: str) -> None:
        if digest in self._programs:
            return
        if self._connection.scalar(select(ProgramRow.hash).where(ProgramRow.hash == digest)) is None:
            raise ValueError(f"the program {digest[:12]} is used before it is described")
        _remember(self._programs, digest, True)

    def _found_run(self, uid: str) -> _Known | None:
        if uid in self._runs:
            return self._runs[uid]
        if uid in self._absent:
            return None
        row = self._connection.execute(
            select(RunRow.id, RunRow.imported, RunRow.state).where(RunRow.uid == uid)
        ).one_or_none()
        if row is None:
            _remember(self._absent, uid, True)
            return None
        continued = exists().where(CandidateRow.run_id == row.id, CandidateRow.imported.is_(None))
        own = (
            row.imported is None
            or row.state is RunState.RUNNING
            or bool(self._connection.scalar(select(continued)))
        )
        known = _Known(row.id, own)
        _remember(self._runs, uid, known)
        return known

    def _run_of(self, uid: str) -> _Known:
        known = self._found_run(uid)
        if known is None:
            raise ValueError(f"the run {uid} is used before it is described")
        return known

    def _found_candidate(self, run: int, index: int) -> int | None:
        key = self._candidates.get((run, index))
        if key is None:
            mine = (CandidateRow.run_id == run, CandidateRow.index == index)
            key = self._connection.scalar(select(CandidateRow.id).where(*mine))
        return key

    def _candidate_of(self, run: _Known | None, index: int | None) -> int | None:
        if index is None:
            return None
        key = None if run is None else self._found_candidate(run.key, index)
        if key is None:
            raise ValueError(f"candidate {index} of a run is used before it is described")
        return key


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remember what saves a look into the database; forget everything rather than grow without end."""
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
