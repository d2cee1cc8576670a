"""The archive: one object with every operation."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from nashforge.archive.errors import ArchiveNotFound
from nashforge.archive.storage.location import file_of, resolve_url
from nashforge.archive.storage.permissions import make_file
from nashforge.archive.storage.schema import prepare
from nashforge.archive.stores.activity import ActivityStore
from nashforge.archive.stores.calls import CallStore
from nashforge.archive.stores.lineage import LineageStore
from nashforge.archive.stores.queries import Queries
from nashforge.archive.stores.queue import WorkQueue
from nashforge.archive.stores.workers import WorkerStore


class Archive(LineageStore, CallStore, Queries, WorkQueue, WorkerStore, ActivityStore):
    """The memory of Nashforge: programs, runs, candidates, evaluations, scores, model calls, queued work.

    Every operation is one transaction and hands out frozen records; nothing that returned is lost when the
    process is killed. Use `open`; the object may be shared by threads, survives a fork and can be pickled.

    >>> from nashforge.archive import Archive
    >>> with Archive.open("/tmp/example.db") as archive:        # doctest: +SKIP
    ...     run = archive.create_run("cfr", {"max_evaluations": 100}, seed=1)
    ...     program = archive.add_program(source, "cfr")
    ...     candidate = archive.add_candidate(run, program=program, operator="seed", proposer="offline")
    """

    @classmethod
    def open(
        cls,
        url: str | Path | None = None,
        *,
        create: bool = True,
        busy_timeout: float = 30.0,
        patience: float = 0.0,
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
        patience
            Seconds that every operation waits for a server that cannot be reached, before it begins.

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
        archive = cls(resolved, busy_timeout)
        archive.patience = patience
        prepare(archive, create=create)
        return archive
