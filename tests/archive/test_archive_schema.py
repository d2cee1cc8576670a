"""Places, schema versions, migrations, and what is said when something is wrong."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from nashforge.archive import (
    ArchiveNotFound,
    DatabaseBusy,
    DatabaseUnavailable,
    DiskFull,
    NotAnArchive,
    SchemaMismatch,
    resolve_url,
    schema_version,
    upgrade,
)
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.failures import explain
from nashforge.archive.storage.location import display
from nashforge.archive.storage.models import Base
from nashforge.archive.storage.schema import REVISION, VERSION_TABLE, alembic_config
from nashforge.archive.store import Archive

from .conftest import all_programs


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, archive; from archive import Status, ArchiveError, program_hash, Candidate; "
        "print([m for m in ('sqlalchemy', 'alembic', 'pydantic', 'numpy') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    from nashforge import archive

    for name in archive.__all__:
        assert getattr(archive, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        archive.Nothing  # noqa: B018


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = f"sqlite:///{tmp_path}/a b?.db"
    assert resolve_url("a b?.db") == resolve_url(Path("a b?.db")) == file
    assert resolve_url(f"sqlite:///{tmp_path}/x.db") == resolve_url("sqlite:///x.db")
    assert resolve_url("postgres://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert display("postgresql+psycopg://u:secret@h:1/d?x=y") == "postgresql://u@h:1/d"
    assert resolve_url(None) == f"sqlite:///{tmp_path}/default.db"
    monkeypatch.delenv("NASHFORGE_DATABASE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    if sys.platform == "linux":
        assert resolve_url(None) == f"sqlite:///{tmp_path}/data/nashforge/nashforge.db"
    for wrong in ("sqlite://", "sqlite:///:memory:", "mysql://h/d", "sqlite:///x.db?mode=ro"):
        with pytest.raises(NotAnArchive):
            resolve_url(wrong)
    with Archive.open("a b?.db") as archive:
        archive.runs.create("cfr", {})
    assert Path("a b?.db").exists()


def test_nothing_is_created_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(ArchiveNotFound, match="nashforge run"):
        Archive.open(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    with pytest.raises(ArchiveNotFound):
        Archive.open(tmp_path / "empty.db", create=False)
    Archive.open(tmp_path / "deep" / "er" / "new.db").close()
    Archive.open(tmp_path / "deep" / "er" / "new.db", create=False).close()


def test_migrations_lead_to_the_models(archive: Archive) -> None:
    with archive.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*Base.metadata.tables, VERSION_TABLE}


def test_the_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [REVISION]


def test_a_file_is_in_wal_mode_and_synced(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive, archive.database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}


def set_revision(archive: Archive, revision: str) -> None:
    with archive.database.transaction() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'"))


def test_a_newer_schema_is_refused(archive: Archive) -> None:
    set_revision(archive, "9999")
    for attempt in (lambda: Archive.open(archive.database.url), lambda: upgrade(archive.database.url)):
        with pytest.raises(SchemaMismatch, match=rf"newer version .*9999.*{REVISION}.*upgrade Nashforge"):
            attempt()
    assert schema_version(archive.database.url) == "9999"


def test_an_older_schema_names_the_command_and_is_upgraded(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision is written beside the others: data survives the upgrade, a failure changes nothing."""
    run = archive.runs.create("cfr", {"kept": True})
    migrations = tmp_path / "migrations"
    shipped = Path(alembic_config().get_main_option("script_location") or "")
    (migrations / "versions").mkdir(parents=True)
    for path in (shipped / "env.py", shipped / "script.py.mako", *(shipped / "versions").glob("0*.py")):
        (migrations / path.relative_to(shipped)).write_text(path.read_text())
    second = migrations / "versions" / "more.py"
    body = (
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision = 'more'\ndown_revision = '{REVISION}'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('runs') as table:\n"
        "        table.add_column(sa.Column('colour', sa.String(8)))\n"
        "        table.alter_column('domain', type_=sa.String(80))\n"
    )
    second.write_text(body + "    raise RuntimeError('half way')\n")
    config = alembic_config()
    config.set_main_option("script_location", str(migrations))
    monkeypatch.setattr("nashforge.archive.storage.schema.alembic_config", lambda: config)
    monkeypatch.setattr("nashforge.archive.storage.schema.REVISION", "more")
    candidate = archive.candidates.add(run, operator="seed", proposer="x")
    with pytest.raises(SchemaMismatch, match="nashforge db upgrade"):
        Archive.open(archive.database.url)
    with pytest.raises(RuntimeError, match="half way"):
        upgrade(archive.database.url)
    assert schema_version(archive.database.url) == REVISION
    second.write_text(body)
    assert upgrade(archive.database.url) == (REVISION, "more")
    assert upgrade(archive.database.url) == ("more", "more")
    with Archive.open(archive.database.url) as again:
        assert again.runs.get(run) == run
        assert again.candidates.get(candidate) == candidate
        with again.database.engine.connect() as connection:
            assert connection.execute(text("SELECT colour FROM runs")).all() == [(None,)]


def test_upgrade_makes_a_new_database(url: str) -> None:
    assert schema_version(url) is None
    assert upgrade(url) == (None, REVISION)
    assert schema_version(url) == REVISION


def test_other_peoples_databases_are_left_alone(url: str) -> None:
    with Database(resolve_url(url)) as other, other.transaction() as connection:
        connection.execute(text("CREATE TABLE runs (mine INTEGER)"))
    for attempt in (lambda: Archive.open(url), lambda: upgrade(url)):
        with pytest.raises(NotAnArchive, match=r"something else \(runs\); name another database"):
            attempt()
    with Database(resolve_url(url)) as other, other.reading() as connection:
        assert inspect(connection).get_table_names() == ["runs"]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("this is a text file, and long enough to be looked at " * 50)
    with pytest.raises(NotAnArchive, match="not a readable SQLite database"):
        Archive.open(tmp_path / "a.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(DatabaseUnavailable, match="check the path"):
        Archive.open(tmp_path / "folder.db")
    with pytest.raises(DatabaseUnavailable, match="name a writable place"):
        Archive.open(tmp_path / "a.db" / "below.db")


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        archive.runs.create("cfr", {})
    with sqlite3.connect(tmp_path / "a.db") as raw:
        raw.execute("PRAGMA query_only = ON")
        with pytest.raises(sqlite3.OperationalError) as caught:
            raw.execute("DELETE FROM runs")
    raw.close()
    said = explain(DBAPIError("DELETE", None, caught.value), f"sqlite:///{tmp_path}/a.db")
    assert isinstance(said, DatabaseUnavailable)
    assert "may not be written" in str(said)


def test_a_locked_file(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a.db", busy_timeout=0.05)
    holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match=r"locked .* try again, nothing finished is lost"):
        archive.runs.create("cfr", {})
    assert archive.runs.newest() == []
    holder.execute("ROLLBACK")
    holder.close()
    assert archive.runs.create("cfr", {}).id == 1


def test_a_full_disk_loses_only_the_write_that_did_not_fit(tmp_path: Path) -> None:
    """SQLite's own page limit gives the very error of a full disk, at a chosen moment."""
    archive = Archive.open(tmp_path / "a.db")
    run = archive.runs.create("cfr", {})
    archive.database.engine.pool.dispose()
    with archive.database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.cursor().execute(f"PRAGMA max_page_count = {pages + 8}")
    written = 0

    def fill() -> None:
        nonlocal written
        for number in range(1000):
            archive.programs.add(f"x = {number}\n" + "# much text\n" * 200, "cfr")
            written += 1

    with pytest.raises(DiskFull, match=r"is full; free some space in .*nothing finished is lost"):
        fill()
    assert 0 < written < 1000
    assert len(all_programs(archive)) == written
    archive.close()
    with Archive.open(tmp_path / "a.db") as again:
        assert len(all_programs(again)) == written
        assert again.programs.add("now = 'there is room'\n", "cfr")
        assert again.runs.get(run) == run


def test_a_server_that_is_not_there() -> None:
    url = "postgresql://me:secret@127.0.0.1:9/nothing"
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:9/nothing cannot be used") as caught:
        Archive.open(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there(server: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        Archive.open(server.rsplit("/", 1)[0] + "/nashforge_no_such_database")


def test_a_server_that_restarts_is_found_again(postgresql: str) -> None:
    """The server ends our connections; the next operation opens new ones."""
    with Archive.open(postgresql) as archive, Database(archive.database.url) as other:
        run = archive.runs.create("cfr", {})
        with archive.database.reading() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with other.transaction() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        assert archive.runs.get(run) == run


def test_it_can_be_sent_to_other_processes(archive: Archive) -> None:
    run = archive.runs.create("cfr", {})
    copy = pickle.loads(pickle.dumps(archive))
    assert copy.runs.get(run) == run
    copy.close()
    assert "secret" not in repr(Database("postgresql+psycopg://u:secret@h/d"))


def test_the_environment_names_the_database(tmp_path: Path) -> None:
    with Archive.open() as archive:
        assert archive.database.location == os.environ["NASHFORGE_DATABASE"] == str(tmp_path / "default.db")
