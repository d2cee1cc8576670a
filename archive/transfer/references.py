"""References of an export's lines: to what the file described before, or what the archive has already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from nashforge.archive.storage.models import CandidateRow, ProgramRow, RunRow
from nashforge.archive.storage.rows import chunks
from nashforge.archive.store import Archive
from nashforge.archive.transfer.limits import BATCH_LINES
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


class _Reference(NamedTuple):
    kind: str
    name: Any
    """Hash of a program, identity of a run, or that with the index of a candidate."""

    def __str__(self) -> str:
        if self.kind == "program":
            return f"the program {self.name[:12]}"
        return f"the run {self.name}" if self.kind == "run" else f"candidate {self.name[1]} of a run"


class References:
    """References of a file's lines, looked up in the archive where the file did not describe them before.

    Parameters
    ----------
    archive
        Where the file is to be merged.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        # Hashes of a million things are little enough; two that agree are found out when they are stored.
        self._described: set[int] = set()
        self._open: dict[_Reference, int] = {}

    def read(self, number: int, line: Line) -> None:
        """Take note of what a line describes and refers to.

        Raises
        ------
        ValueError
            If an earlier line referred to what is not there; not at once, as many are looked up together.
        """
        for reference in _references(line):
            if hash(reference) not in self._described:
                self._open.setdefault(reference, number)
        if (described := _described(line)) is not None:
            self._described.add(hash(described))
        if len(self._open) >= BATCH_LINES:
            self.resolve()

    def resolve(self) -> None:
        """Look up what the file has not described; errors as for `read`."""
        wanted, self._open = self._open, {}
        if not wanted:
            return
        with self._archive.database.reading() as connection:
            there = {
                reference for kind in ("program", "run") for reference in _named(connection, kind, wanted)
            }
            there |= _candidates(connection, wanted)
        for reference, number in wanted.items():
            if reference not in there:
                raise Missing(number, f"{reference} is used before it is described")
            self._described.add(hash(reference))


class Missing(ValueError):
    """A line refers to what is not there."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number


def _described(line: Line) -> _Reference | None:
    if isinstance(line, ProgramLine):
        return _Reference("program", line.hash)
    if isinstance(line, RunLine):
        return _Reference("run", line.uid)
    return _Reference("candidate", (line.run, line.index)) if isinstance(line, CandidateLine) else None


def _references(line: Line) -> Iterator[_Reference]:
    if isinstance(line, StudyLine):
        yield from (_Reference("run", run) for run in line.runs)
    if isinstance(line, CandidateLine | EvaluationLine) and line.program is not None:
        yield _Reference("program", line.program)
    if isinstance(line, CandidateLine | EvaluationLine | CallLine | NoteLine) and line.run is not None:
        yield _Reference("run", line.run)
    if isinstance(line, EvaluationLine | CallLine) and line.candidate is not None:
        yield _Reference("candidate", (line.run, line.candidate))


def _named(connection: Connection, kind: str, wanted: dict[_Reference, int]) -> set[_Reference]:
    column = ProgramRow.hash if kind == "program" else RunRow.uid
    found: set[_Reference] = set()
    for some in chunks([reference.name for reference in wanted if reference.kind == kind]):
        found |= {
            _Reference(kind, name) for name in connection.scalars(select(column).where(column.in_(some)))
        }
    return found


def _candidates(connection: Connection, wanted: dict[_Reference, int]) -> set[_Reference]:
    by_run: dict[str, list[int]] = {}
    for reference in wanted:
        if reference.kind == "candidate" and reference.name[0] is not None:
            by_run.setdefault(reference.name[0], []).append(reference.name[1])
    found: set[_Reference] = set()
    for run, indices in by_run.items():
        mine = (
            select(CandidateRow.index).join(RunRow, RunRow.id == CandidateRow.run_id).where(RunRow.uid == run)
        )
        for some in chunks(indices):
            known = connection.scalars(mine.where(CandidateRow.index.in_(some)))
            found |= {_Reference("candidate", (run, index)) for index in known}
    return found
