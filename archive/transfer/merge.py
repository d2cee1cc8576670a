"""Merging the lines of an export into an archive, many at a time, within transactions of the caller.

Whatever arrives is marked with the time of its arrival, for good. Nothing that was made here changes: a run
of this archive, or one that was continued here, takes nothing from a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from nashforge.archive.nicknames import ANIMALS, LANDSCAPES, candidates, is_given_name
from nashforge.archive.records import RunState, Status
from nashforge.archive.storage.bulk import SCORE, insert_new, insert_plain, score_rows
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
    StudyRow,
    StudyRunRow,
)
from nashforge.archive.storage.rows import is_taken
from nashforge.archive.storage.types import present
from nashforge.archive.transfer.here import FITNESS, Here, Link
from nashforge.archive.transfer.limits import MOST_MISSING_PARENTS
from nashforge.archive.transfer.lines import (
    CallLine,
    CandidateLine,
    EvaluationLine,
    Line,
    NoteLine,
    ProgramLine,
    RunLine,
    StudyLine,
    plain_scores,
)

_SCORE_FIELDS = itemgetter("game", "metric", "iteration", "value", "direction")


class Merge:
    """Takes lines in the order of an export and adds what is not there.

    Lines come in batches of one kind: `prepare` looks up at once what they refer to, `take` decides about
    each of them, `flush` writes what is new. What is remembered of a file is bounded; the database knows the
    rest.

    Attributes
    ----------
    added, known, left_out : Counter
        New things, things that were there, and things that would have changed a run of this archive, by kind.
    renamed : dict of str to str
        Nicknames that were taken, and their replacements.
    missing_parents : int
        Links to candidates that are neither in the file nor in the archive.
    """

    def __init__(self) -> None:
        self.added: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.renamed: dict[str, str] = {}
        self.missing_parents = 0
        self._now: datetime | None = None
        self._here = Here()
        # Of this batch: what was there before, and what is to be written.
        self._names: set[str] = set()
        self._tokens: set[str] = set()
        self._states: dict[tuple[int, int], Row[Any]] = {}
        self._new_programs: dict[str, dict[str, Any]] = {}
        self._new_candidates: dict[tuple[int, int], dict[str, Any]] = {}
        self._new_links: list[Link] = []
        self._new_evaluations: dict[str, tuple[dict[str, Any], Sequence[Mapping[str, Any]]]] = {}
        self._new_calls: dict[str, dict[str, Any]] = {}
        self._later: list[Link] = []

    def begin(self, connection: Connection) -> None:
        """Go on in another write transaction: what runs are may have changed since the last one."""
        self._connection = connection
        # Whatever one import brings arrives at one time.
        self._now = self._now or present(connection)
        self._here.begin(connection)

    def prepare(self, lines: Sequence[Line]) -> None:
        """Look up what is there of a batch of lines, and of what they refer to."""
        self._states, self._tokens = {}, set()
        self._here.shrink()
        programs: set[str] = set()
        places: dict[str, set[int]] = {}
        for line in lines:
            if isinstance(line, ProgramLine):
                programs.add(line.hash)
            elif isinstance(line, CandidateLine | EvaluationLine) and line.program is not None:
                programs.add(line.program)
            if isinstance(line, CandidateLine):
                for parent in line.parents:
                    places.setdefault(parent.run, set()).add(parent.index)
            elif isinstance(line, EvaluationLine | CallLine) and None not in (line.run, line.candidate):
                places.setdefault(line.run or "", set()).add(line.candidate or 0)
        self._here.find_programs(programs)
        for uid, indices in places.items():
            run = self._here.found_run(uid)
            if run is not None:
                missing = [index for index in indices if (run.key, index) not in self._here.candidates]
                self._here.find_candidates(run.key, missing)
        if lines and isinstance(lines[0], ProgramLine):
            wanted = [line.nickname for line in lines if isinstance(line, ProgramLine)]
            self._names = set(self._here.matching(ProgramRow.nickname, wanted))
        elif lines and isinstance(lines[0], CandidateLine):
            by_run: dict[str, list[int]] = {}
            for line in lines:
                if isinstance(line, CandidateLine):
                    by_run.setdefault(line.run, []).append(line.index)
            for uid, listed in by_run.items():
                run = self._here.found_run(uid)
                if run is not None:
                    for row in self._here.find_candidates(run.key, listed):
                        self._states[run.key, row._mapping["index"]] = row
        for kind, model in ((EvaluationLine, EvaluationRow), (CallLine, ModelCallRow)):
            tokens = [line.token for line in lines if isinstance(line, kind)]
            self._tokens |= set(self._here.matching(model.token, tokens))

    def take(self, line: Line) -> None:
        """Decide about one line of the batch.

        Raises
        ------
        ValueError
            If it refers to what came not before it.
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

    def flush(self) -> None:
        """Write what the batch has that is new."""
        stored = self._store(ProgramRow, self._new_programs.values(), ProgramRow.hash)
        self._recount("program", len(self._new_programs) - len(stored))
        self._new_programs.clear()
        if self._new_candidates:
            places = (CandidateRow.run_id, CandidateRow.index, CandidateRow.id)
            statement = insert(CandidateRow).returning(*places)
            for row in self._connection.execute(statement, [*self._new_candidates.values()]):
                self._here.candidates[row[0], row[1]] = row[2]
            self._new_candidates.clear()
        links, self._new_links = self._new_links, []
        self._link(links, last=False)
        stored = self._store(
            EvaluationRow,
            (values for values, _ in self._new_evaluations.values()),
            EvaluationRow.token,
            EvaluationRow.id,
        )
        self._recount("evaluation", len(self._new_evaluations) - len(stored))
        told = {token: map(_SCORE_FIELDS, scores) for token, (_, scores) in self._new_evaluations.items()}
        scores = [row for token, key in stored for row in score_rows(key, told[token])]
        insert_plain(self._connection, "scores", SCORE, scores)
        self._new_evaluations.clear()
        stored = self._store(ModelCallRow, self._new_calls.values(), ModelCallRow.token)
        self._recount("model_call", len(self._new_calls) - len(stored))
        self._new_calls.clear()

    def link_parents(self) -> None:
        """Link candidates to parents that came after them; to be called when every candidate is there."""
        links, self._later = self._later, []
        self._link(links, last=True)

    def _recount(self, kind: str, lost: int) -> None:
        """Count as known what another process has stored in the meantime."""
        if lost:
            self.added[kind] -= lost
            self.known[kind] += lost

    def _store(self, model: type[Base], rows: Iterable[dict[str, Any]], *returned: Any) -> Sequence[Any]:
        """Insert rows unless a unique value of them is there; return some columns of those that were not."""
        values = list(rows)
        if not values:
            return []
        statement = insert_new(model, self._connection.dialect.name).returning(*returned)
        return self._connection.execute(statement, values).all()

    def _add(self, model: type[Base], values: dict[str, Any], key: Any) -> Any:
        """Insert a row unless a unique value of it is there; return its key, or None if it was."""
        stored = self._store(model, [values], key)
        return stored[0][0] if stored else None

    def _counted(self, new: bool) -> Counter[str]:
        return self.added if new else self.known

    def _free(self, wanted: str, identity: str) -> str:
        """Return what a run or study is called here."""

        # Runs and studies are called by the same commands.
        def free(name: str) -> bool:
            return not any(is_taken(self._connection, each, name) for each in (RunRow, StudyRow))

        if free(wanted):
            return wanted
        new = next(name for name in candidates(identity, LANDSCAPES) if free(name))
        self.renamed[wanted] = new
        return new

    def _free_program(self, wanted: str, identity: str) -> str:
        """Return what a program is called here; only given names, all in small letters, are taken over."""
        if wanted not in self._names and is_given_name(wanted, ANIMALS):
            new = wanted
        else:
            new = next(
                name
                for name in candidates(identity, ANIMALS)
                if name not in self._names and not self._here.matching(ProgramRow.nickname, [name])
            )
            self.renamed[wanted] = new
        self._names.add(new)
        return new

    def _program(self, line: ProgramLine) -> Counter[str]:
        if line.hash in self._here.programs:
            return self.known
        # What tells equal programs apart is worked out here: by another's word, a better program would be
        # taken for a repetition.
        self._new_programs[line.hash] = {
            **_fields(line),
            "nickname": self._free_program(line.nickname, line.hash),
            "ast_hash": None,
            "imported": self._now,
        }
        self._here.programs[line.hash] = True
        return self.added

    def _run(self, line: RunLine) -> Counter[str]:
        known = self._here.found_run(line.uid)
        if known is not None and known.own:
            return self.known
        values = line.model_dump(exclude={"kind", "values"})
        if line.state is RunState.RUNNING:
            values |= {"state": RunState.PAUSED, "stop_reason": "exported while it was running"}
        if known is None:
            values["nickname"] = self._free(line.nickname, line.uid)
            values["imported"] = self._now
            key = self._connection.scalar(insert(RunRow).returning(RunRow.id), values)
            assert key is not None
            self._here.add_run(line.uid, key)
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
        runs = [self._here.run_of(uid).key for uid in line.runs]
        known = self._connection.scalar(select(StudyRow.id).where(StudyRow.uid == line.uid))
        if known is not None:
            return self.known
        values = line.model_dump(exclude={"kind", "runs"})
        values["nickname"] = self._free(line.nickname, line.uid)
        key = self._add(StudyRow, {**values, "imported": self._now}, StudyRow.id)
        for position, run in enumerate(runs):
            # A run is of one study: that of this archive, if there is one.
            self._add(StudyRunRow, {"run_id": run, "study_id": key, "position": position}, StudyRunRow.run_id)
        return self.added

    def _candidate(self, line: CandidateLine) -> Counter[str]:
        run = self._here.run_of(line.run)
        place = (run.key, line.index)
        if line.program is not None:
            self._here.check_program(line.program)
        if place in self._new_candidates:
            self.flush()
            [self._states[place]] = self._here.find_candidates(run.key, [line.index])
        known = self._states.get(place)
        if run.own:
            return self.left_out if known is None else self.known
        values = _fields(line, "run", "parents")
        if line.status is Status.RUNNING:
            values["status"] = Status.PENDING
        if known is None:
            self._new_candidates[place] = {**values, "run_id": run.key, "imported": self._now}
        else:
            self._complete(known, line, values)
        for position, parent in enumerate(line.parents):
            self._new_links.append(Link(*place, position, parent.run, parent.index, parent.role))
        return self._counted(known is None)

    def _complete(self, known: Row[Any], line: CandidateLine, values: Mapping[str, Any]) -> None:
        """Give a candidate the outcome and the fitness that it does not have yet."""
        news: dict[str, Any] = {}
        if not known.status.finished and line.status.finished:
            names = ("status", "program", "reason", "note", "data", "finished")
            news |= {name: values[name] for name in names}
        if line.status is Status.OK and (known.status is Status.OK or not known.status.finished):
            missing = (name for name in FITNESS if getattr(known, name) is None)
            news |= {name: values[name] for name in missing if values[name] is not None}
        if news:
            self._connection.execute(update(CandidateRow).where(CandidateRow.id == known.id).values(**news))

    def _link(self, links: Sequence[Link], *, last: bool) -> None:
        """Link candidates to their parents; keep the links to those that are not there for later."""
        rows = []
        for link in links:
            run = self._here.found_run(link.parent_run)
            parent = None if run is None else self._here.found_candidate(run.key, link.parent_index)
            if parent is not None:
                child = self._here.found_candidate(link.run, link.index)
                rows.append(
                    {
                        "candidate_id": child,
                        "position": link.position,
                        "parent_id": parent,
                        "role": link.role,
                    }
                )
            elif last:
                self.missing_parents += 1
            elif len(self._later) < MOST_MISSING_PARENTS:
                self._later.append(link)
            else:
                raise ValueError(
                    f"more than {MOST_MISSING_PARENTS} parents come after their children or nowhere"
                )
        self._store(ParentRow, rows, ParentRow.parent_id)

    def _evaluation(self, line: EvaluationLine) -> Counter[str]:
        self._here.check_program(line.program)
        counter, values = self._of_run(EvaluationRow, line)
        if values is not None:
            self._new_evaluations[line.token] = values, plain_scores(line)
        return counter

    def _call(self, line: CallLine) -> Counter[str]:
        counter, values = self._of_run(ModelCallRow, line)
        if values is not None:
            self._new_calls[line.token] = values
        return counter

    def _note(self, line: NoteLine) -> Counter[str]:
        run = self._here.run_of(line.run)
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
    ) -> tuple[Counter[str], dict[str, Any] | None]:
        """Return where a line that has a token counts, and what to store if it is new."""
        run = None if line.run is None else self._here.run_of(line.run)
        is_known = line.token in self._tokens
        if run is not None and run.own:
            return (self.known if is_known else self.left_out), None
        candidate = self._here.candidate_of(run, line.candidate)
        if is_known:
            return self.known, None
        self._tokens.add(line.token)
        values = _fields(line, "run", "candidate", "scores")
        values |= {"run_id": None if run is None else run.key, "candidate_id": candidate}
        return self.added, {**values, "imported": self._now}


def _fields(line: Line, *without: str) -> dict[str, Any]:
    """Return the fields of a line as they are stored."""
    return {name: value for name, value in vars(line).items() if name != "kind" and name not in without}
