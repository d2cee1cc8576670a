"""The archive: one object that holds a database and what is asked of it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from nashforge.archive.errors import ArchiveNotFound
from nashforge.archive.storage.database import RETRY_SECONDS, Database
from nashforge.archive.storage.location import file_of, resolve_url
from nashforge.archive.storage.permissions import make_file
from nashforge.archive.storage.schema import prepare
from nashforge.archive.stores.agents.notes import NoteStore
from nashforge.archive.stores.agents.requests import RequestStore
from nashforge.archive.stores.agents.verdicts import VerdictStore
from nashforge.archive.stores.calls import CallStore
from nashforge.archive.stores.candidates import CandidateStore
from nashforge.archive.stores.evaluations import EvaluationStore
from nashforge.archive.stores.lineage import LineageStore
from nashforge.archive.stores.overview import OverviewStore
from nashforge.archive.stores.programs import ProgramStore
from nashforge.archive.stores.queue import WorkQueue
from nashforge.archive.stores.runs import RunStore
from nashforge.archive.stores.studies import StudyStore
from nashforge.archive.stores.workers import WorkerStore


class Archive:
    """The memory of Nashforge: programs, runs, candidates, evaluations, scores, model calls, queued work.

    Every operation is one transaction, unless it is inside ``archive.database.transaction()``, and hands out
    frozen records; nothing that returned is lost when the process is killed. Use `open`; the object may be
    shared by threads, survives a fork and can be pickled.

    >>> from nashforge.archive import Archive
    >>> with Archive.open("/tmp/example.db") as archive:        # doctest: +SKIP
    ...     run = archive.runs.create("cfr", {"max_evaluations": 100}, seed=1)
    ...     program = archive.programs.add(source, "cfr")
    ...     candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runs = RunStore(database)
        self.studies = StudyStore(database)
        self.programs = ProgramStore(database)
        self.candidates = CandidateStore(database)
        self.evaluations = EvaluationStore(database)
        self.lineage = LineageStore(database)
        self.calls = CallStore(database)
        self.queue = WorkQueue(database)
        self.workers = WorkerStore(database)
        self.requests = RequestStore(database)
        self.notes = NoteStore(database)
        self.overview = OverviewStore(database)
        self.verdicts = VerdictStore(database)

    @classmethod
    def open(
        cls,
        url: str | Path | None = None,
        *,
        create: bool = True,
        busy_timeout: float = 30.0,
        start_seconds: float = 0.0,
        retry_seconds: float = RETRY_SECONDS,
    ) -> Self:
        """Open an archive, and check its schema.

        Parameters
        ----------
        url
            A file path, ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``; without, the environment
            variable ``NASHFORGE_DATABASE``, or else ``nashforge.db`` in the user's data directory.
        create
            Make the database's tables (and file) if they are not there.
        busy_timeout
            Seconds to wait for another process that writes (SQLite).
        start_seconds
            Seconds to wait for a server that does not answer yet.
        retry_seconds
            Seconds that every later operation waits, before it begins, for a server that is away.

        Raises
        ------
        ArchiveNotFound
            If there is none and ``create`` is false.
        SchemaMismatch
            If it was made by another version; the message names the command that upgrades it.
        NotAnArchive, DatabaseUnavailable, DatabaseBusy
            If it holds something else, cannot be reached, or stays locked.
        """
        resolved = resolve_url(url)
        file = file_of(resolved)
        if file is not None and not file.exists():
            if not create:
                raise ArchiveNotFound(
                    f"there is no archive at {file} yet; start a run with `nashforge run`, or name another "
                    "file with --database"
                )
            make_file(file)
        database = Database(resolved, busy_timeout, start_seconds=start_seconds, retry_seconds=retry_seconds)
        prepare(database, create=create)
        return cls(database)

    def close(self) -> None:
        """Close the connections of this process; the archive opens new ones if it is used again."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.database.location!r})"
