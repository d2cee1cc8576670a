"""A summary of a database, whichever version made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from nashforge.archive.storage.database import Database
from nashforge.archive.storage.location import display, file_of, resolve_url
from nashforge.archive.storage.models import CandidateRow, EvaluationRow, ProgramRow, RunRow
from nashforge.archive.storage.schema import REVISION, schema_version


@dataclass(frozen=True)
class DatabaseSummary:
    """A database and what it holds.

    Attributes
    ----------
    schema : str or None
        Its schema's revision; None if there is no database yet.
    expected_schema : str
        The revision that this version uses.
    size : int or None
        Bytes of the file; None for a server.
    runs, programs, candidates, evaluations : int or None
        How many there are; None unless the schema is the expected one.
    """

    location: str
    schema: str | None
    expected_schema: str
    size: int | None = None
    runs: int | None = None
    programs: int | None = None
    candidates: int | None = None
    evaluations: int | None = None


def database_summary(place: str | Path | None = None) -> DatabaseSummary:
    """Return what a database holds; nothing is created.

    Raises
    ------
    ArchiveError
        If it cannot be reached or holds something else.
    """
    url = resolve_url(place)
    location, file = display(url), file_of(url)
    schema = schema_version(url)
    size = file.stat().st_size if file is not None and file.exists() else None
    if schema != REVISION:
        return DatabaseSummary(location, schema, REVISION, size)
    tables = (RunRow, ProgramRow, CandidateRow, EvaluationRow)
    with Database(url) as database, database.reading() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    return DatabaseSummary(location, schema, REVISION, size, *counts)
