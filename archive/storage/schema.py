"""The schema's version: checked when an archive is opened, created and upgraded by Alembic."""

from __future__ import annotations

import sqlite3
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, inspect, text
from sqlalchemy.exc import DBAPIError

from nashforge.archive.errors import ArchiveNotFound, NotAnArchive, SchemaMismatch
from nashforge.archive.storage.database import Database, make_engine
from nashforge.archive.storage.failures import explain, told_to_people
from nashforge.archive.storage.forking import under_way
from nashforge.archive.storage.location import display, file_of, resolve_url
from nashforge.archive.storage.permissions import close_to_others, make_file

if TYPE_CHECKING:
    from alembic.config import Config

REVISION = "0006"
"""The schema this program reads and writes: the newest file of ``archive/migrations/versions``."""
VERSION_TABLE = "nashforge_version"
# Any fixed number: two processes that create the schema on one server take turns by it.
_ADVISORY_LOCK = 0x6E617368


def stored_revision(connection: Connection) -> str | None:
    """Return the revision a database is at, or None for one without our tables.

    Raises
    ------
    NotAnArchive
        If tables of the same names are there that are not ours.
    """
    from nashforge.archive.storage.models import Base

    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
        return str(revision) if revision is not None else None
    foreign = sorted(tables & set(Base.metadata.tables))
    # A SQLite file belongs to one program; a server's schema may hold other tables beside ours.
    if connection.dialect.name == "sqlite":
        foreign = sorted(tables)
    if foreign:
        place = display(connection.engine.url.render_as_string(hide_password=False))
        raise NotAnArchive(
            f"the database {place} holds tables of something else ({', '.join(foreign[:5])}); name another "
            "database with --database"
        )
    return None


def alembic_config() -> Config:
    """Return Alembic's configuration for the migrations."""
    from alembic.config import Config

    config = Config()
    # Alembic interpolates '%' in options.
    folder = str(Path(__file__).parents[1] / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    return config


def prepare(database: Database, *, create: bool) -> None:
    """Check that a database is an archive at this program's revision; create the tables in an empty one.

    Raises
    ------
    ArchiveNotFound
        If it is empty and ``create`` is false.
    SchemaMismatch
        If it was made by an older or newer version.
    NotAnArchive
        If it holds something else.
    """
    with database.reading() as connection:
        found = stored_revision(connection)
    if found is None:
        if not create:
            raise ArchiveNotFound(
                f"there is no archive in {database.location} yet; start a run with `nashforge run`, or name "
                "another database with --database"
            )
        _migrate(database.url, database.busy_timeout)
        # Connections from before still believe in an empty file without a write-ahead log.
        database.close()
    elif found != REVISION:
        raise _mismatch(database.location, found)


def schema_version(url: str | Path | None = None) -> str | None:
    """Return the revision of a database, whichever it is; None for an empty or missing one."""
    resolved = resolve_url(url)
    file = file_of(resolved)
    if file is not None and not file.exists():
        return None
    with Database(resolved) as database, database.reading() as connection:
        return stored_revision(connection)


def upgrade(url: str | Path | None = None, *, busy_timeout: float = 30.0) -> tuple[str | None, str]:
    """Bring a database to this program's schema, in one transaction; create it where there is none.

    Returns
    -------
    tuple of (str or None, str)
        The revisions before and after; equal if there was nothing to do.

    Raises
    ------
    SchemaMismatch
        If the database was made by a newer version of Nashforge.
    """
    resolved = resolve_url(url)
    file = file_of(resolved)
    if file is not None and not file.exists():
        make_file(file)
    before = _migrate(resolved, busy_timeout)
    if file is not None and before != REVISION:
        close_to_others(file)
    return before, REVISION


def _migrate(url: str, busy_timeout: float) -> str | None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    engine = make_engine(url, busy_timeout, migrating=True)
    with under_way(url), told_to_people(url), engine.connect() as plain:
        if file_of(url) is not None:
            _use_wal(plain, url, busy_timeout)
        with plain.execution_options(writing=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            # Only now is it certain that no other process migrates at the same time.
            before = stored_revision(connection)
            if before is not None and before not in known:
                raise _mismatch(display(url), before)
            config.attributes["connection"] = connection
            if before is None:
                _create(connection)
                command.stamp(config, "head")
            elif before != REVISION:
                command.upgrade(config, "head")
                if connection.dialect.name == "sqlite":
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        raise NotAnArchive(
                            f"{display(url)} holds a row of {broken[0]!r} that refers to a missing row of "
                            f"{broken[2]!r}, and was left as it was; restore a backup"
                        )
    return before


def _create(connection: Connection) -> None:
    """Make today's tables: the migrations are for what earlier versions made."""
    from nashforge.archive.storage.models import ON_POSTGRESQL, Base, InfoRow

    if connection.dialect.name == "postgresql":
        for table in Base.metadata.tables.values():
            for index in table.indexes:
                if ON_POSTGRESQL in index.info:
                    index.dialect_options["postgresql"]["where"] = text(index.info[ON_POSTGRESQL])
    Base.metadata.create_all(connection)
    connection.execute(insert(InfoRow).values(key="uid", value=uuid.uuid4().hex))


def _use_wal(connection: Connection, url: str, busy_timeout: float) -> None:
    """Switch a file to write-ahead logging, which it then keeps. SQLite does not wait for this lock."""
    deadline = time.monotonic() + busy_timeout
    raw = connection.connection
    while True:
        try:
            # The row must be fetched: the mode changes when the statement ends, not when it starts.
            raw.cursor().execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > deadline:
                raise explain(DBAPIError("PRAGMA journal_mode", None, error), url) from error
            time.sleep(0.05)


def _mismatch(location: str, found: str) -> SchemaMismatch:
    from alembic.script import ScriptDirectory

    known = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    if found in known:
        return SchemaMismatch(
            f"the archive {location} was made by an older version (schema {found}, now {REVISION}); "
            "back it up and run `nashforge db upgrade`"
        )
    return SchemaMismatch(
        f"the archive {location} was made by a newer version (schema {found}, this one knows {REVISION}); "
        "upgrade Nashforge, or name another database with --database"
    )
