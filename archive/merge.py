"""Merging the lines of an export into an archive, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archive.hashing import normalize_source, program_hash
from archive.models import (
    Base,
    CandidateRow,
    EvaluationRow,
    ModelCallRow,
    ParentRow,
    ProgramRow,
    RunRow,
    RunStateRow,
    ScoreRow,
)
from archive.nicknames import ANIMALS, LANDSCAPES, candidates
from archive.records import CallStatus, Role, RunState, Status
from archive.wire import CallLine, CandidateLine, EvaluationLine, Line, ProgramLine, RunLine


class Merge:
    """Takes lines in the order of an export and adds what is not there.

    Attributes
    ----------
    added, known : Counter
        New things, and things that were there, by kind.
    renamed : dict of str to str
        Nicknames that were taken, and their replacements.
    missing_parents : int
        Links to candidates that are neither in the file nor in the archive.
    """

    def __init__(self, connection: Connection) -> None:
        self.added: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.renamed: dict[str, str] = {}
        self.missing_parents = 0
        self._connection = connection
        self._programs: set[str] = set()
        self._runs: dict[str, int] = {}
        self._candidates: dict[tuple[str, int], int] = {}
        self._links: list[tuple[int, int, str, int, Role]] = []

    def take(self, line: Line) -> None:
        """Merge one line.

        Raises
        ------
        ValueError
            If it contradicts itself or refers to what came not before it.
        """
        if isinstance(line, ProgramLine):
            new = self._program(line)
        elif isinstance(line, RunLine):
            new = self._run(line)
        elif isinstance(line, CandidateLine):
            new = self._candidate(line)
        elif isinstance(line, EvaluationLine):
            new = self._evaluation(line)
        elif isinstance(line, CallLine):
            new = self._call(line)
        else:
            raise ValueError(f"a line of the kind {line.kind!r} is out of place")
        (self.added if new else self.known)[line.kind] += 1

    def _add(self, model: type[Base], values: dict[str, Any], key: Any) -> Any:
        """Insert a row unless a unique value of it is there; return its key, or None if it was."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(model).on_conflict_do_nothing().returning(key)
        return self._connection.scalar(statement, values)

    def _free(self, model: Any, wanted: str, identity: str, nouns: tuple[str, ...]) -> str:
        if not self._used(model, wanted):
            return wanted
        new = next(name for name in candidates(identity, nouns) if not self._used(model, name))
        self.renamed[wanted] = new
        return new

    def _used(self, model: Any, name: str) -> bool:
        taken = select(model.nickname).where(func.lower(model.nickname) == name.lower())
        return self._connection.scalar(taken) is not None

    def _program(self, line: ProgramLine) -> bool:
        if (
            normalize_source(line.source) != line.source
            or program_hash(line.source, line.domain) != line.hash
        ):
            raise ValueError(f"the source of {line.nickname} does not have the hash {line.hash[:12]}")
        self._programs.add(line.hash)
        if self._connection.scalar(select(ProgramRow.hash).where(ProgramRow.hash == line.hash)):
            return False
        nickname = self._free(ProgramRow, line.nickname, line.hash, ANIMALS)
        values = {**line.model_dump(exclude={"kind"}), "nickname": nickname}
        return self._add(ProgramRow, values, ProgramRow.hash) is not None

    def _run(self, line: RunLine) -> bool:
        known = self._connection.execute(
            select(RunRow.id, RunRow.state, RunRow.finished).where(RunRow.uid == line.uid)
        ).one_or_none()
        values = line.model_dump(exclude={"kind", "values"})
        if line.state is RunState.RUNNING:
            values |= {"state": RunState.PAUSED, "stop_reason": "exported while it was running"}
        if known is None:
            values["nickname"] = self._free(RunRow, line.nickname, line.uid, LANDSCAPES)
            key = self._connection.scalar(insert(RunRow).returning(RunRow.id), values)
            assert key is not None
        else:
            key = known.id
            if known.finished is None and known.state is not RunState.RUNNING and line.finished is not None:
                outcome = {name: values[name] for name in ("state", "stop_reason", "started", "finished")}
                self._connection.execute(update(RunRow).where(RunRow.id == key).values(**outcome))
        self._runs[line.uid] = key
        for name, value in line.values.items():
            self._add(RunStateRow, {"run_id": key, "key": name, "value": value}, RunStateRow.key)
        return known is None

    def _candidate(self, line: CandidateLine) -> bool:
        run = self._run_of(line.run)
        if line.program is not None:
            self._check_program(line.program)
        if line.status.failed and any(v is not None for v in (line.train, line.validation, line.test)):
            raise ValueError(f"candidate {line.index} failed and yet has a fitness")
        values = line.model_dump(exclude={"kind", "run", "parents"})
        if line.status is Status.RUNNING:
            values["status"] = Status.PENDING
        known = self._connection.execute(
            select(CandidateRow.id, CandidateRow.status).where(
                CandidateRow.run_id == run, CandidateRow.index == line.index
            )
        ).one_or_none()
        if known is None:
            statement = insert(CandidateRow).returning(CandidateRow.id)
            key = self._connection.scalar(statement, {**values, "run_id": run})
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
        self._candidates[line.run, line.index] = key
        for position, parent in enumerate(line.parents):
            self._links.append((key, position, parent.run, parent.index, parent.role))
        return known is None

    def link_parents(self) -> None:
        """Link candidates to their parents; to be called when every candidate is there."""
        for child, position, run, index, role in self._links:
            parent = self._candidates.get((run, index)) or self._connection.scalar(
                select(CandidateRow.id)
                .join(RunRow, RunRow.id == CandidateRow.run_id)
                .where(RunRow.uid == run, CandidateRow.index == index)
            )
            if parent is None:
                self.missing_parents += 1
                continue
            values = {"candidate_id": child, "position": position, "parent_id": parent, "role": role}
            self._add(ParentRow, values, ParentRow.parent_id)

    def _evaluation(self, line: EvaluationLine) -> bool:
        if not line.status.finished or (line.status.failed and (line.scores or line.fitness is not None)):
            raise ValueError(
                f"the evaluation {line.token} ended as {line.status} and yet has scores or no end"
            )
        self._check_program(line.program)
        values = line.model_dump(exclude={"kind", "run", "candidate", "scores"})
        values["run_id"] = None if line.run is None else self._run_of(line.run)
        values["candidate_id"] = self._candidate_of(line.run, line.candidate)
        key = self._add(EvaluationRow, values, EvaluationRow.id)
        if key is not None and line.scores:
            scores = [{**score.model_dump(), "evaluation_id": key} for score in line.scores]
            self._connection.execute(insert(ScoreRow), scores)
        return key is not None

    def _call(self, line: CallLine) -> bool:
        if line.status is CallStatus.RESERVED:
            raise ValueError(f"the model call {line.token} is not settled")
        values = line.model_dump(exclude={"kind", "run", "candidate"})
        values["run_id"] = self._run_of(line.run)
        values["candidate_id"] = self._candidate_of(line.run, line.candidate)
        return self._add(ModelCallRow, values, ModelCallRow.id) is not None

    def _check_program(self, digest: str) -> None:
        if digest not in self._programs:
            raise ValueError(f"the program {digest[:12]} is used before it is described")

    def _run_of(self, uid: str) -> int:
        if uid not in self._runs:
            raise ValueError(f"the run {uid} is used before it is described")
        return self._runs[uid]

    def _candidate_of(self, run: str | None, index: int | None) -> int | None:
        if index is None:
            return None
        if run is None or (run, index) not in self._candidates:
            raise ValueError(f"candidate {index} of run {run} is used before it is described")
        return self._candidates[run, index]
