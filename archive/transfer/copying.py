"""Moving a whole archive to another database: every row as it is, under the same numbers."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, select, text

from nashforge.archive.errors import Conflict
from nashforge.archive.storage.bulk import insert_plain
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.location import resolve_url
from nashforge.archive.storage.models import Base, InfoRow, ScoreRow
from nashforge.archive.storage.rows import pages
from nashforge.archive.store import Archive


def copy_archive(source: str | Path, target: str | Path) -> dict[str, int]:
    """Copy an archive into an empty database, of either kind, without loss; return rows by table.

    The source is read as it is at one moment, and may be in use. The target is written in one transaction: it
    holds everything or nothing. It keeps an identity of its own, so that workers of the source stay there.

    Raises
    ------
    ArchiveNotFound
        If there is no source.
    Conflict
        If the target holds something, or is the source.
    """
    if resolve_url(source) == resolve_url(target):
        raise Conflict(f"{Database(resolve_url(source)).location} cannot be copied onto itself; name another")
    tables = [table for table in Base.metadata.sorted_tables if table is not InfoRow.__table__]
    with (
        Archive.open(source, create=False) as old,
        Archive.open(target) as new,
        old.database.snapshot() as reading,
        new.database.transaction() as writing,
    ):
        for table in tables:
            if writing.scalar(select(func.count()).select_from(table)):
                raise Conflict(
                    f"{new.database.location} holds {table.name} already; name an empty database, or merge "
                    "with `nashforge archive export` and `nashforge archive import`"
                )
        return {table.name: _copy(reading, writing, table) for table in tables}


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    count = 0
    for rows in pages(reading, select(table), *table.primary_key.columns):
        if table is ScoreRow.__table__:  # most of an archive, and numbers and texts alone
            insert_plain(writing, table.name, table.columns.keys(), rows)
        else:
            writing.execute(insert(table), [dict(row._mapping) for row in rows])
        count += len(rows)
    if writing.dialect.name == "postgresql" and count and "id" in table.c:
        # Numbers were given, not drawn: the next to be drawn must be above them.
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        writing.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name}))"))
    return count
