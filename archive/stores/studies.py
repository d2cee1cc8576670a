"""Studies: several runs that differ by their seeds alone, under one name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from nashforge.archive.errors import Conflict, NicknameTaken, NotFound
from nashforge.archive.nicknames import LANDSCAPES, candidates, check_nickname
from nashforge.archive.records import Run, RunState, Status, Study
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, RunRow, StudyRow, StudyRunRow
from nashforge.archive.storage.rows import RUN, STUDY, RunRef, check_json, is_taken, one_match, run_id
from nashforge.archive.stores.views import Evaluated

StudyRef: TypeAlias = Study | int


def study_id(study: StudyRef) -> int:
    """Return the number of a study given as record or number."""
    return study.id if isinstance(study, Study) else study


class StudyStore(Store):
    """Studies and the runs that they are made of."""

    def create(
        self,
        domain: str,
        config: Mapping[str, Any],
        *,
        nickname: str | None = None,
        uid: str | None = None,
    ) -> Study:
        """Store a new study; `add_run` says what it is made of.

        Parameters
        ----------
        config
            What its runs have in common, as plain JSON values.
        nickname
            A name to give it; without, two words that no other study or run has.

        Raises
        ------
        NicknameTaken
            If another study or a run has that name.
        """
        identity = uid or uuid.uuid4().hex
        if nickname is not None:
            check_nickname(nickname)
        with self._database.transaction() as connection:
            if nickname is not None and _is_taken(connection, nickname):
                raise NicknameTaken(
                    f"another study or run is called {nickname!r}; choose another name, or continue that one "
                    f"with `nashforge resume {nickname}`"
                )
            names = [nickname] if nickname is not None else candidates(identity, LANDSCAPES)
            chosen = next(name for name in names if nickname or not _is_taken(connection, name))
            values = {
                "uid": identity,
                "nickname": chosen,
                "domain": domain,
                "config": check_json("the study's configuration", dict(config)),
            }
            row = connection.execute(insert(StudyRow).values(**values).returning(*STUDY)).one()
            return Study(*row)

    def add_run(self, study: StudyRef, run: RunRef, position: int) -> None:
        """Make a run one of a study's, at a place in its order."""
        values = {"study_id": study_id(study), "run_id": run_id(run), "position": position}
        with self._database.transaction() as connection:
            connection.execute(insert(StudyRunRow).values(**values))

    def get(self, reference: StudyRef | str) -> Study:
        """Return a study by number, nickname, uid, or an unambiguous prefix of nickname or uid.

        Raises
        ------
        NotFound, AmbiguousReference
            If not exactly one study fits.
        """
        with self._database.reading() as connection:
            if not isinstance(reference, str):
                key = study_id(reference)
            elif (exact := self._exact(connection, reference)) is not None:
                key = exact
            else:
                key = self._beginning(connection, reference)
            row = connection.execute(select(*STUDY).where(StudyRow.id == key)).one_or_none()
        if row is None:
            raise NotFound(f"there is no study number {reference}; see `nashforge runs`")
        return Study(*row)

    def named(self, reference: str) -> Study | None:
        """Return the study of exactly this nickname or uid, if there is one."""
        with self._database.reading() as connection:
            key = self._exact(connection, reference)
        return None if key is None else self.get(key)

    def _exact(self, connection: Connection, reference: str) -> int | None:
        name = reference.strip().lower()
        return connection.scalar(
            select(StudyRow.id).where(or_(func.lower(StudyRow.nickname) == name, StudyRow.uid == name))
        )

    def _beginning(self, connection: Connection, reference: str) -> int:
        name = reference.strip().lower()
        fits = func.lower(StudyRow.nickname).startswith(name, autoescape=True)
        found = connection.execute(select(StudyRow.id, StudyRow.nickname).where(fits).limit(11))
        names = [(row[0], row[1]) for row in found] if name else []
        return int(one_match("study", reference, names, "nashforge runs", self._nicknames))

    def _nicknames(self) -> list[str]:
        with self._database.reading() as connection:
            return list(connection.scalars(select(StudyRow.nickname)))

    def newest(self, limit: int | None = None) -> list[Study]:
        """Return studies, newest first."""
        statement = select(*STUDY).order_by(StudyRow.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [Study(*row) for row in connection.execute(statement)]

    def runs(self, study: StudyRef) -> list[Run]:
        """Return a study's runs, in its order."""
        statement = (
            select(*RUN)
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id(study))
            .order_by(StudyRunRow.position)
        )
        with self._database.reading() as connection:
            return [Run(*row) for row in connection.execute(statement)]

    def of_runs(self, runs: Sequence[RunRef]) -> dict[int, Study]:
        """Return the study of each run that belongs to one, by the number of the run."""
        statement = (
            select(StudyRunRow.run_id, *STUDY)
            .join(StudyRow, StudyRow.id == StudyRunRow.study_id)
            .where(StudyRunRow.run_id.in_([run_id(run) for run in runs]))
        )
        with self._database.reading() as connection:
            return {row[0]: Study(*row[1:]) for row in connection.execute(statement)}

    def evaluated(self, run: RunRef) -> list[Evaluated]:
        """Return what counts as a run's evaluations, in the order of asking; failures have no fitness."""
        statement = (
            select(*(getattr(CandidateRow, name) for name in Evaluated._fields))
            .where(
                CandidateRow.run_id == run_id(run),
                CandidateRow.program.is_not(None),
                CandidateRow.status.in_([s for s in Status if s.finished and s is not Status.DUPLICATE]),
            )
            .order_by(CandidateRow.index)
        )
        with self._database.reading() as connection:
            return [Evaluated._make(row) for row in connection.execute(statement)]

    def rename(self, study: StudyRef, nickname: str) -> Study:
        """Give a study another name; its runs keep theirs."""
        check_nickname(nickname)
        with self._database.transaction() as connection:
            now = self.get(study)
            if nickname.lower() != now.nickname.lower() and _is_taken(connection, nickname):
                raise NicknameTaken(f"another study or run is called {nickname!r}; choose another name")
            connection.execute(update(StudyRow).where(StudyRow.id == now.id).values(nickname=nickname))
            return self.get(now.id)

    def delete(self, study: StudyRef) -> None:
        """Delete a study with its runs and all that belongs to them. Programs stay.

        Raises
        ------
        Conflict
            If one of its runs is being worked on.
        """
        with self._database.transaction() as connection:
            runs = self.runs(study)
            busy = [run.nickname for run in runs if run.state is RunState.RUNNING]
            if busy:
                raise Conflict(f"the run {busy[0]} is running; stop it first with `nashforge stop {busy[0]}`")
            connection.execute(delete(RunRow).where(RunRow.id.in_([run.id for run in runs])))
            connection.execute(delete(StudyRow).where(StudyRow.id == study_id(study)))


def _is_taken(connection: Connection, nickname: str) -> bool:
    return is_taken(connection, StudyRow, nickname) or is_taken(connection, RunRow, nickname)
