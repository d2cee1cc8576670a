"""Opening the archive, and finding runs and programs in it by what people type."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nashforge.cli.errors import UsageProblem

if TYPE_CHECKING:
    from nashforge.archive import Archive, Run, Study
    from nashforge.evolve.measurement.programs import NamedProgram

LATEST = "latest"


@contextmanager
def opened(
    database: str | None,
    *,
    create: bool = False,
    retry_seconds: float | None = None,
    busy_timeout: float = 30.0,
) -> Iterator[Archive]:
    """Open the archive for a command, and close it afterwards.

    Parameters
    ----------
    retry_seconds
        How long a server that is away is asked again. Default: as long as who works on a run has patience.
    busy_timeout
        How long other writers of an SQLite archive are waited for.
    """
    from nashforge.archive import Archive
    from nashforge.archive.storage.database import RETRY_SECONDS

    patience = RETRY_SECONDS if retry_seconds is None else retry_seconds
    with Archive.open(database, create=create, busy_timeout=busy_timeout, retry_seconds=patience) as archive:
        yield archive


def find_run(archive: Archive, reference: str) -> Run:
    """Return a run by name, prefix, or ``latest``."""
    if reference.strip().lower() != LATEST:
        return archive.runs.get(reference)
    newest = archive.runs.newest(limit=1)
    if not newest:
        raise UsageProblem(
            f"there are no runs in {archive.database.location} yet; start one with `nashforge run cfr`"
        )
    return newest[0]


AGAIN_SECONDS = 0.5


@contextmanager
def awaited_run(
    database: str | None,
    reference: str,
    seconds: float,
    told: Callable[[str], None],
    *,
    busy_timeout: float = 30.0,
) -> Iterator[tuple[Archive, Run]]:
    """Open the archive and find a run in it; wait for either, where it is not there yet.

    Parameters
    ----------
    seconds
        How long, at most.
    told
        Called once with what is waited for.
    busy_timeout
        How long the archive waits for other writers.
    """
    from nashforge.archive import ArchiveNotFound, NotFound

    deadline = time.monotonic() + seconds
    said = False
    with ExitStack() as stack:
        archive: Archive | None = None
        while True:
            try:
                archive = archive or stack.enter_context(opened(database, busy_timeout=busy_timeout))
                run = find_run(archive, reference)
                break
            except (ArchiveNotFound, NotFound, UsageProblem) as error:
                if time.monotonic() >= deadline:
                    raise
                if not said:
                    told(f"Waiting for the run {reference}: {error}")
                said = True
            time.sleep(min(AGAIN_SECONDS, max(deadline - time.monotonic(), 0.0)))
        yield archive, run


def find_search(archive: Archive, reference: str) -> Run | Study:
    """Return a run or a study by name, prefix, or ``latest``.

    A name that runs of one study share stands for the study; the newest run, if it is one of a study's, too.
    """
    from nashforge.archive import AmbiguousReference, NotFound

    name = reference.strip()
    if name.lower() == LATEST:
        newest = find_run(archive, LATEST)
        return archive.studies.of_runs([newest]).get(newest.id, newest)
    study = archive.studies.named(name)
    if study is not None:
        return study
    try:
        return archive.runs.get(name)
    except AmbiguousReference:
        try:
            found = archive.studies.get(name)
        except (NotFound, AmbiguousReference):
            found = None
        if found is None:
            raise
        return found


def runs_of(archive: Archive, references: Sequence[str]) -> list[Run]:
    """Return runs by name; those of a study in its place."""
    from nashforge.archive import Study

    found = [find_search(archive, name) for name in references]
    groups = [archive.studies.runs(item) if isinstance(item, Study) else [item] for item in found]
    return [run for group in groups for run in group]


def running_of(archive: Archive, study: Study, verb: str) -> list[Run]:
    """Return the runs of a study that processes work on.

    Raises
    ------
    UsageProblem
        If there are none.
    """
    from nashforge.evolve.results.run_status import is_alive

    found = [run for run in archive.studies.runs(study) if is_alive(archive, run)]
    if not found:
        raise UsageProblem(
            f"no process works on the study {study.nickname}, so there is nothing to {verb}; continue it "
            f"with `nashforge resume {study.nickname}`"
        )
    return found


def not_running(archive: Archive, run: Run, verb: str) -> UsageProblem:
    """Return the error that says why a run cannot be paused or stopped: no process works on it."""
    from nashforge.archive import RunState
    from nashforge.evolve.results.endings import stop_words
    from nashforge.evolve.results.run_status import run_status

    if run.state is RunState.FINISHED:
        why = stop_words(run.stop_reason or "") or "nothing is left to do"
        return UsageProblem(f"{run.nickname} is finished ({why}); there is nothing to {verb}")
    return UsageProblem(
        f"{run.nickname} is not running ({run_status(archive, run).state}), so there is nothing to {verb}; "
        f"continue it with `nashforge resume {run.nickname}`"
    )


@contextmanager
def programs(
    references: Sequence[str],
    database: str | None,
    *,
    domain: str | None = None,
    stored: bool = False,
    choosable: bool = True,
) -> Iterator[tuple[list[NamedProgram], Archive | None]]:
    """Find programs by name; yields them, and the archive if it was opened (it is never created).

    Parameters
    ----------
    domain
        See `nashforge.evolve.measurement.programs.find_program`.
    choosable
        Whether the command has ``--domain``.
    stored
        Whether rules and files that the archive knows shall be yielded with what is stored. Otherwise rules
        and files need no archive, and none is opened for them.
    """
    from dataclasses import replace

    from nashforge.archive import Archive, ArchiveNotFound, program_hash
    from nashforge.evolve.measurement.programs import find_programs

    with ExitStack() as stack:
        archive: Archive | None = None

        def open_archive() -> Archive:
            nonlocal archive
            if archive is None:
                archive = stack.enter_context(Archive.open(database, create=False))
            return archive

        found = find_programs(references, open_archive, domain_name=domain, choosable=choosable)
        if not stored:
            yield found, archive
            return
        try:
            open_archive()
        except ArchiveNotFound:
            yield found, None
            return
        assert archive is not None
        hashes = {named.label: program_hash(named.source, named.domain) for named in found}
        known = archive.programs.by_hash(hashes.values())
        yield [replace(named, stored=known.get(hashes[named.label])) for named in found], archive
