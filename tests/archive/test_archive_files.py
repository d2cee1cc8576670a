"""Who may read an archive, and what of a URL is shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import event

from nashforge.archive import NotAnArchive, export_archive, upgrade
from nashforge.archive.addresses import endpoint, is_clear, shown_url, without_passwords
from nashforge.archive.storage.database import Database
from nashforge.archive.storage.location import display, resolve_url
from nashforge.archive.store import Archive


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_an_archive_is_its_owners_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        file = tmp_path / "deep" / "er" / "a.db"
        with Archive.open(file) as archive:
            archive.runs.create("cfr", {})
            beside = sorted(path.name for path in file.parent.iterdir())
            assert beside == ["a.db", "a.db-shm", "a.db-wal"]
            assert {mode(path) for path in file.parent.iterdir()} == {0o600}
            export_archive(archive, tmp_path / "all.gz")
        assert (mode(file.parent), mode(file.parent.parent)) == (0o700, 0o700)
        assert mode(tmp_path / "all.gz") == 0o600
        assert upgrade(tmp_path / "other" / "b.db")[0] is None
        assert (mode(tmp_path / "other" / "b.db"), mode(tmp_path / "other")) == (0o600, 0o700)
    finally:
        os.umask(before)


def test_of_an_export_that_is_killed_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    try:
        os.close(os.open(folder, os.O_WRONLY | os.O_TMPFILE))
    except (AttributeError, OSError):
        pytest.skip("this file system has no files without names")
    beside: list[list[str]] = []
    with Archive.open(tmp_path / "a.db") as archive:
        archive.runs.create("cfr", {})

        @event.listens_for(archive.database.engine, "before_cursor_execute")
        def _look(*_words: object) -> None:
            beside.append([path.name for path in folder.iterdir()])

        for _ in range(2):
            export_archive(archive, folder / "all.gz", overwrite=True)
    assert beside[0] == []
    assert beside[-1] == ["all.gz"]
    assert [path.name for path in folder.iterdir()] == ["all.gz"]


def test_folders_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared").chmod(0o755)
    Archive.open(tmp_path / "shared" / "a.db").close()
    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared" / "a.db")) == (0o755, 0o600)
    # Whoever shares an archive on purpose goes on to do so.
    (tmp_path / "shared" / "a.db").chmod(0o640)
    Archive.open(tmp_path / "shared" / "a.db").close()
    assert mode(tmp_path / "shared" / "a.db") == 0o640


def test_an_upgrade_closes_what_older_versions_left_open(tmp_path: Path) -> None:
    import sqlite3

    dump = Path(__file__).parent / "released" / "0003.sqlite.sql"
    with sqlite3.connect(tmp_path / "old.db") as raw:
        raw.executescript(dump.read_text())
    raw.close()
    (tmp_path / "old.db").chmod(0o644)
    upgrade(tmp_path / "old.db")
    assert mode(tmp_path / "old.db") == 0o600


def test_no_archive_is_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "victim.db")
    with pytest.raises(Exception, match="link to nowhere"):
        Archive.open(tmp_path / "a.db")
    assert not (tmp_path / "victim.db").exists()


SIGNS = "@:/?#%[] &=+\\"


@given(
    st.text(alphabet=f"xyz{SIGNS}", min_size=1, max_size=12), st.sampled_from(["postgresql", "redis", "amqp"])
)
@example("pa/ss", "postgresql")
@example("se@cret", "postgresql")
@example("se?password=x@", "postgresql")
def test_no_part_of_a_password_is_shown(password: str, scheme: str) -> None:
    for written in (password, quote(password, safe="")):
        url = f"{scheme}://me:Q{written}Q@host.example:5432/name"
        shown = shown_url(url)
        assert shown in (f"{scheme}://me@host.example:5432/name", f"{scheme}://***"), shown
        assert "Q" not in without_passwords(f"cannot connect with Q{written}Q", url) or not is_clear(url)
    assert shown == f"{scheme}://me@host.example:5432/name", "escaped, everything is clear"
    assert endpoint(url) == ("host.example", 5432)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:pa/ss@h/d", "postgresql://u@h/d"),
        ("postgresql+psycopg://u:p@ss@h/d", "postgresql://***"),
        ("postgresql+psycopg://h:5/d?password=se@cret", "postgresql://***"),
        ("postgresql+psycopg://h/d?password=se@cret", "postgresql://h/d"),
        ("postgresql+psycopg://u:secret", "postgresql://***"),
        ("redis://:secret@h:1/0", "redis://h:1/0"),
        ("amqp://u:secret@h//", "amqp://u@h//"),
        ("postgresql://u@[::1]:5/d", "postgresql://u@[::1]:5/d"),
        ("u:secret@h/d?x=://", "***"),
    ],
)
def test_shown_urls(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "place", ["postgresql://u:se@cret@h/d", "postgresql:/u:secret@h/d", "mysql:u:secret@h"]
)
def test_what_is_no_clear_url_is_refused_without_showing_it(place: str) -> None:
    with pytest.raises(NotAnArchive) as caught:
        resolve_url(place)
    assert "cret" not in str(caught.value)


def test_a_password_with_a_slash_is_used_and_not_shown() -> None:
    url = resolve_url("postgresql://nobody:se/cret@127.0.0.1:1/name")
    assert display(url) == "postgresql://nobody@127.0.0.1:1/name"
    with pytest.raises(Exception, match="cannot be used") as caught:
        Archive.open(url)
    assert "cret" not in str(caught.value)
    assert "cret" not in repr(Archive(Database(url)))
