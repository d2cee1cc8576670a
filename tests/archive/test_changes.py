"""Whether something was committed, without a query: by another process, another connection, or nobody."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from nashforge.archive import Archive
from nashforge.archive.storage.connections.changes import Changes


def test_every_commit_is_noticed_once_whoever_makes_it(tmp_path: Path) -> None:
    place = tmp_path / "archive.db"
    with Archive.open(place) as archive:
        news, others = archive.database.changes(), archive.database.changes()
        assert news.any(), "so it is at first"
        assert not news.any()
        run = archive.runs.create("cfr", seed=1, config={}, nickname="one")
        assert news.any(), "what this process commits counts"
        assert not news.any()
        archive.runs.get(run)
        assert not news.any(), "who reads changes nothing"
        with sqlite3.connect(place) as other:
            other.execute("UPDATE runs SET seed = 2")
        other.close()
        assert news.any()
        assert others.any(), "each looks for itself"
        archive.close()
        assert not news.any()


def test_where_nothing_can_be_told_there_may_be_something(tmp_path: Path) -> None:
    server = Changes(None)
    assert [server.any() for _ in range(3)] == [True] * 3
    missing = Changes(tmp_path / "none.db")
    assert [missing.any() for _ in range(2)] == [True] * 2, "a query says it better"
