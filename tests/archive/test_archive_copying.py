"""Copies of whole archives, between the kinds of databases; databases of released versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from nashforge.archive import (
    ArchiveNotFound,
    Conflict,
    Parent,
    Role,
    SchemaMismatch,
    Status,
    resolve_url,
    schema_version,
    upgrade,
)
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.models import Base
from nashforge.archive.storage.schema import REVISION, VERSION_TABLE, alembic_config
from nashforge.archive.store import Archive
from nashforge.archive.transfer.copying import copy_archive
from nashforge.archive.work import AttemptState

from .conftest import Maker


def content(archive: Archive) -> dict[str, list[dict[str, Any]]]:
    """Return every row of an archive but its identity."""
    with archive.database.reading() as connection:
        return {
            table.name: [
                dict(row._mapping)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in Base.metadata.sorted_tables
            if table.name != "archive_info"
        }


def fill(archive: Archive) -> None:
    """Store something of everything."""
    make = Maker(archive)
    run = archive.runs.create("cfr", {"a": [1, None, "ü"]}, seed=7, nickname="calm-lake")
    parent = make.finished(run, 1, 0.25)
    make.finished(run, 2, None)
    make.candidate(run, 3, parents=[Parent(parent.id), Parent(parent.id, Role.INSPIRATION)], data={"x": 1.5})
    archive.runs.set_value(run, "bandit", {"arms": [0.1, None]})
    archive.runs.set_value(run, "nothing", None)
    archive.evaluations.add(make.measured(make.program(4), 1e-300))
    call = archive.calls.reserve(run, provider="p", model="m", request={"q": "?"}, reserved_cost=0.5)
    archive.calls.settle(call, status="ok", response={"a": "!"}, cost=0.25)
    for key in "abc":
        archive.queue.add(key, "evaluate", {"key": key}, run=run, program=make.program(3))
    first, second = archive.queue.claim("evaluate", "w"), archive.queue.claim("evaluate", "w")
    assert first is not None
    assert second is not None
    archive.queue.answer(first.token, {"answer": 1})
    archive.workers.register("w", host="h", pid=1, kinds="evaluate", slots=1, versions={})


@pytest.mark.parametrize(
    "route", [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")], ids="-".join
)
def test_a_copy_holds_everything(
    route: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    places = [
        str(tmp_path / f"{k}.db") if kind == "sqlite" else str(request.getfixturevalue("postgresql"))
        for k, kind in enumerate(route)
    ]
    with Archive.open(places[0]) as source:
        fill(source)
        rows = copy_archive(*places)
        with Archive.open(places[1], create=False) as copy:
            assert content(copy) == content(source)
            assert rows == {name: len(found) for name, found in content(source).items()}
            assert copy.database.uid != source.database.uid, "workers of the source stay there"
            # It can be worked with: numbers go on after those that were copied.
            run = copy.runs.get("calm-lake")
            make = Maker(copy)
            added = make.candidate(run, 9)
            assert added.id == 1 + max(c.id for c in source.candidates.of(run))
            assert make.finished(run, 10, 0.5).train == 0.5
            (stale,) = copy.queue.sweep(-60.0, max_attempts=3)
            assert stale.attempt == 2
            assert copy.runs.create("cfr", {}).id == run.id + 1
            assert {a.state for a in source.queue.attempts()} == {
                AttemptState.DONE,
                AttemptState.RUNNING,
                AttemptState.QUEUED,
            }


def test_nothing_is_copied_over_something(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as source, Archive.open(tmp_path / "b.db") as target:
        source.runs.create("cfr", {})
        kept = target.runs.create("cfr", {})
        with pytest.raises(Conflict, match="holds runs already; name an empty database, or merge"):
            copy_archive(tmp_path / "a.db", tmp_path / "b.db")
        assert target.runs.newest() == [kept]
    with pytest.raises(Conflict, match="onto itself"):
        copy_archive(tmp_path / "a.db", str(tmp_path / "a.db"))
    with pytest.raises(ArchiveNotFound):
        copy_archive(tmp_path / "none.db", tmp_path / "c.db")


def test_many_rows_are_copied_in_pages(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as source:
        run = source.runs.create("cfr", {})
        with source.database.transaction():
            for number in range(1203):
                source.candidates.add(
                    run, operator="m", proposer="p", status=Status.REJECTED, note=str(number)
                )
        copy_archive(tmp_path / "a.db", tmp_path / "b.db")
        with Archive.open(tmp_path / "b.db") as copy:
            assert content(copy) == content(source)


RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
"""Dumps of archives that released versions made, each with the same content; named REVISION.KIND.sql."""


def load(dump: Path, url: str) -> None:
    """Load a dump into an empty database."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
            raw.executescript(dump.read_text())
        raw.close()
        return
    with Database(url) as database, database.transaction() as connection:
        connection.connection.cursor().execute(dump.read_text())


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
def test_archives_of_every_released_version_are_upgraded(
    dump: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    revision, kind = dump.stem.split(".")
    own = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else request.getfixturevalue("postgresql")
    url = resolve_url(own)
    load(dump, url)
    assert schema_version(url) == revision
    with pytest.raises(SchemaMismatch, match="nashforge db upgrade"):
        Archive.open(url)
    assert upgrade(url) == (revision, REVISION)
    with Archive.open(url, create=False) as archive:
        with archive.database.engine.connect() as connection:
            options = {"version_table": VERSION_TABLE, "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
        run = archive.runs.get("calm-lake")
        assert (run.seed, run.config["name"], run.owner, run.pause_requested) == (7, "ü", "vm:1", None)
        first, second, third = archive.candidates.of(run)
        assert [c.status for c in (first, second, third)] == [Status.OK, Status.CRASHED, Status.PENDING]
        assert [p.candidate_id for p in third.parents] == [first.id, second.id]
        assert (first.train, first.data, second.reason) == (0.5, {"k": 0}, "ValueError: no")
        (measured,) = archive.evaluations.find(run=run, status=[Status.OK])
        assert (measured.token, measured.seeds, measured.settings) == ("t" * 31 + "0", (1, 2), {"horizon": 5})
        assert measured.scores[0].value == 0.125
        ended = archive.evaluations.means(run, "exploitability", split=measured.split or "")
        assert ended == {first.id: 0.125}, "the last values of curves are marked"
        (given_up,) = archive.evaluations.find(run=run, candidate=third)
        assert given_up.status is Status.CANCELLED, "the queue of evaluations is gone"
        assert archive.calls.spending(run)["p:m"].cost == 0.25
        assert archive.runs.get_value(run, "bandit") == [1, None]
        assert len(archive.database.uid) == 32
        # It is worked on like any other.
        assert archive.candidates.finish(third, Status.TIMEOUT)
        archive.queue.add("a", "evaluate", {}, run=run)
        assert archive.queue.claim("evaluate", "w") is not None


def test_there_is_a_dump_of_every_released_version() -> None:
    scripts = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())
    before = {script.revision for script in scripts} - {REVISION}
    for kind in ("sqlite", "postgresql"):
        assert before == {dump.stem.split(".")[0] for dump in RELEASED if dump.stem.endswith(kind)}
