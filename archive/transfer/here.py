"""Programs, runs and candidates that lines of an export refer to: remembered, or looked up."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, exists, select

from nashforge.archive.records import Role, RunState
from nashforge.archive.storage.models import CandidateRow, ProgramRow, RunRow
from nashforge.archive.storage.rows import chunks
from nashforge.archive.transfer.limits import REMEMBERED

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

FITNESS = ("train", "validation", "test")
_STATE = (
    CandidateRow.id,
    CandidateRow.index,
    CandidateRow.status,
    *(getattr(CandidateRow, name) for name in FITNESS),
)
_RUN = select(RunRow.id, RunRow.imported, RunRow.state).where(RunRow.uid == bindparam("uid"))
_RUN_LOCKED = _RUN.with_for_update(key_share=True)


class KnownRun(NamedTuple):
    """A run as it is here."""

    key: int
    own: bool
    """Whether it was made or continued here, so that no file changes it."""


class Link(NamedTuple):
    """A parent of a candidate, both by their places in runs."""

    run: int
    index: int  # type: ignore[assignment]  # the position, as of candidates; tuples have a method
    position: int
    parent_run: str
    parent_index: int
    role: Role


class Here:
    """Programs, runs and candidates that are there; what is remembered of them is bounded."""

    def __init__(self) -> None:
        self.programs: dict[str, bool] = {}
        self.candidates: dict[tuple[int, int], int] = {}
        self._runs: dict[str, KnownRun] = {}
        self._absent: dict[str, bool] = {}

    def begin(self, connection: Connection) -> None:
        """Go on in another transaction: what runs are may have changed since the last one."""
        self._connection = connection
        self._runs.clear()
        self._absent.clear()

    def shrink(self) -> None:
        """Forget everything rather than grow without end; to be called between batches."""
        for memory in (self.programs, self.candidates):
            if len(memory) >= REMEMBERED:
                memory.clear()

    def add_run(self, uid: str, key: int) -> None:
        """Remember a run that has just been stored."""
        self._runs[uid] = KnownRun(key, own=False)
        self._absent.pop(uid, None)

    def matching(self, column: Any, values: Sequence[Any], *where: Any) -> list[Any]:
        """Return those values that a column has."""
        found: list[Any] = []
        for some in chunks(values):
            found += self._connection.scalars(select(column).where(column.in_(some), *where))
        return found

    def find_programs(self, hashes: Iterable[str]) -> None:
        """Look up programs."""
        self.programs.update(
            dict.fromkeys(self.matching(ProgramRow.hash, [*(set(hashes) - self.programs.keys())]), True)
        )

    def find_candidates(self, run: int, indices: Sequence[int]) -> list[Row[Any]]:
        """Look up candidates of a run; return their numbers, status and fitness."""
        found: list[Row[Any]] = []
        for some in chunks(indices):
            mine = (CandidateRow.run_id == run, CandidateRow.index.in_(some))
            found += self._connection.execute(select(*_STATE).where(*mine)).all()
        self.candidates.update({(run, row._mapping["index"]): row.id for row in found})
        return found

    def check_program(self, digest: str) -> None:
        """Raise ValueError if a program is not there."""
        if digest not in self.programs:
            raise ValueError(f"the program {digest[:12]} is used before it is described")

    def found_run(self, uid: str) -> KnownRun | None:
        """Return a run, if it is there."""
        if uid in self._runs:
            return self._runs[uid]
        if uid in self._absent:
            return None
        known = self._look(_RUN, uid)
        if known is not None and not known.own:
            # Whoever continues it waits until this transaction ends, or has just begun.
            known = self._look(_RUN_LOCKED, uid)
        if known is None:
            _remember(self._absent, uid, True)
            return None
        _remember(self._runs, uid, known)
        return known

    def _look(self, statement: Select[int, datetime | None, RunState], uid: str) -> KnownRun | None:
        row = self._connection.execute(statement, {"uid": uid}).one_or_none()
        if row is None:
            return None
        continued = exists().where(CandidateRow.run_id == row.id, CandidateRow.imported.is_(None))
        own = row.imported is None or row.state is RunState.RUNNING
        return KnownRun(row.id, own or bool(self._connection.scalar(select(continued))))

    def run_of(self, uid: str) -> KnownRun:
        """Return a run; raise ValueError if it is not there."""
        known = self.found_run(uid)
        if known is None:
            raise ValueError(f"the run {uid} is used before it is described")
        return known

    def found_candidate(self, run: int, index: int) -> int | None:
        """Return the number of a candidate, if it is there."""
        if (run, index) not in self.candidates:
            self.find_candidates(run, [index])
        return self.candidates.get((run, index))

    def candidate_of(self, run: KnownRun | None, index: int | None) -> int | None:
        """Return the number of a candidate; raise ValueError if it is not there."""
        if index is None:
            return None
        key = None if run is None else self.found_candidate(run.key, index)
        if key is None:
            raise ValueError(f"candidate {index} of a run is used before it is described")
        return key


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remember what saves a look into the database; forget everything rather than grow without end."""
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
