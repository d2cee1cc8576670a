"""Exports and imports: complete, idempotent, and the same in every archive."""

from __future__ import annotations

import gzip
import json
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from nashforge.archive import (
    ArchiveError,
    Conflict,
    DiskFull,
    Parent,
    RunState,
    Status,
    export_archive,
    import_archive,
)
from nashforge.archive.records import Run
from nashforge.archive.storage.rows import pages
from nashforge.archive.store import Archive
from nashforge.archive.transfer import gather

from .conftest import Maker, contents, line_of, rich


def test_what_goes_out_comes_in(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    rich(archive, make, run)
    file = tmp_path / "all.jsonl.gz"
    written = export_archive(archive, file)
    assert written.added == {"program": 5, "run": 1, "candidate": 5, "evaluation": 4, "model_call": 1}
    report = import_archive(second, file)
    assert report.added == written.added
    assert (report.known, report.renamed, report.missing_parents) == ({}, {}, 0)
    assert contents(second) == contents(archive)
    again = import_archive(second, file)
    assert (again.added, again.known) == ({}, written.added)
    assert contents(second) == contents(archive)
    export_archive(archive, tmp_path / "again.jsonl.gz")
    assert (tmp_path / "again.jsonl.gz").read_bytes() == file.read_bytes()
    # And back: what came from here is known here.
    export_archive(second, tmp_path / "back.jsonl.gz")
    before = contents(archive)
    assert import_archive(archive, tmp_path / "back.jsonl.gz").added == {}
    assert contents(archive) == before


def test_from_a_file_to_a_server(tmp_path: Path, postgresql: str) -> None:
    with Archive.open(tmp_path / "a.db") as archive, Archive.open(postgresql) as server:
        rich(archive, Maker(archive), archive.runs.create("cfr", {"x": "\x00"}))
        export_archive(archive, tmp_path / "a.gz")
        import_archive(server, tmp_path / "a.gz")
        assert contents(server) == contents(archive)
        assert import_archive(server, tmp_path / "a.gz").added == {}
        # What is stored next gets numbers of its own.
        Maker(server).finished(server.runs.create("cfr", {}), 77, 0.5)


def test_a_part_travels_with_what_belongs_to_it(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    origin = make.finished(run, 0, 0.1)
    other = archive.runs.create("cfr", {})
    make.finished(other, 1, 0.5, parents=[Parent(origin.id)])
    archive.evaluations.add(make.measured(make.program(1), 0.9))
    archive.evaluations.add(make.measured(make.program(5), 0.9))
    report = export_archive(archive, tmp_path / "part.gz", runs=[other.nickname])
    assert report.added == {"program": 1, "run": 1, "candidate": 1, "evaluation": 2}
    imported = import_archive(second, tmp_path / "part.gz")
    assert imported.missing_parents == 1
    assert second.candidates.of(1)[0].parents == ()
    export_archive(archive, tmp_path / "rest.gz", runs=[run])
    import_archive(second, tmp_path / "rest.gz")
    assert import_archive(second, tmp_path / "part.gz").missing_parents == 0
    child = second.candidates.of(second.runs.get(other.nickname))[0]
    assert second.candidates.get(child.parents[0].candidate_id).run == run.nickname
    only = export_archive(archive, tmp_path / "one.gz", programs=[make.program(5).nickname])
    assert only.added == {"program": 1, "evaluation": 1}


def test_calls_stay_behind_when_asked(archive: Archive, run: Run, make: Maker, tmp_path: Path) -> None:
    rich(archive, make, run)
    archive.calls.reserve(run, provider="p", model="m", request={}, reserved_cost=1.0)
    assert export_archive(archive, tmp_path / "a.gz").added["model_call"] == 1
    assert "model_call" not in export_archive(archive, tmp_path / "b.gz", model_calls=False).added


def test_a_longer_run_completes_what_was_imported_before(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    archive.runs.claim(run, "me")
    done = make.finished(run, 0, 0.1)
    waiting = make.candidate(run, 1)
    export_archive(archive, tmp_path / "early.gz")
    import_archive(second, tmp_path / "early.gz")
    early = second.runs.get(run.nickname)
    assert (early.state, early.owner) == (RunState.PAUSED, None)
    archive.candidates.finish(
        waiting, Status.OK, evaluations=[make.measured(waiting.program, 0.4)], train=0.4
    )
    archive.candidates.set_fitness(done, test=0.05)
    make.finished(run, 2, 0.6)
    archive.runs.set_state(run, RunState.FINISHED, "enough")
    export_archive(archive, tmp_path / "late.gz")
    report = import_archive(second, tmp_path / "late.gz")
    assert report.added == {"program": 1, "candidate": 1, "evaluation": 2}
    assert [(c.train, c.test, c.status) for c in second.candidates.of(early)] == [
        (0.1, 0.05, Status.OK),
        (0.4, None, Status.OK),
        (0.6, None, Status.OK),
    ]
    assert second.runs.get(early).state is RunState.FINISHED
    # The early file now knows less, and changes nothing.
    before = contents(second)
    import_archive(second, tmp_path / "early.gz")
    assert contents(second) == before


def test_taken_names_are_replaced(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    archive.runs.rename(run, "mine")
    second.runs.create("cfr", {}, nickname="mine")
    make.candidate(run, 1)
    export_archive(archive, tmp_path / "a.gz")
    report = import_archive(second, tmp_path / "a.gz")
    assert list(report.renamed) == ["mine"]
    assert second.runs.get(report.renamed["mine"]).uid == run.uid
    assert len(second.runs.newest()) == 2


def test_a_file_is_not_replaced_by_accident(archive: Archive, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.gz"
    file.write_text("precious")
    with pytest.raises(Conflict, match="exists"):
        export_archive(archive, file)
    assert file.read_text() == "precious"
    export_archive(archive, file, overwrite=True)
    with pytest.raises(DiskFull, match="choose a writable place"):
        export_archive(archive, file / "below.gz")
    with pytest.raises(ArchiveError):
        export_archive(archive, tmp_path / "b.gz", runs=["nothing"])
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".gz") == ["a.gz"]


def test_a_scratch_of_the_file_format(archive: Archive, run: Run, make: Maker, tmp_path: Path) -> None:
    """The format is a promise: these names are what other programs may read."""
    rich(archive, make, run)
    export_archive(archive, tmp_path / "a.gz")
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "a.gz").read_bytes()).splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds[0] == "nashforge-archive"
    assert kinds[-1] == "end"
    assert kinds == sorted(
        kinds,
        key=[
            "nashforge-archive",
            "program",
            "run",
            "candidate",
            "evaluation",
            "model_call",
            "end",
        ].index,
    )
    candidate = [line for line in lines if line["kind"] == "candidate"][1]
    assert candidate["parents"] == [
        {"run": run.uid, "index": 0, "role": "parent"},
        {"run": run.uid, "index": 0, "role": "inspiration"},
    ]
    assert "owner" not in line_of("run", lines)
    assert sqlite3.sqlite_version_info >= (3, 35), "RETURNING needs SQLite 3.35"


def test_the_lab_book_travels_with_its_run(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    archive.runs.set_state(run, RunState.FINISHED, "patience")
    for author, text in (("ann", "restarts lose\nby 0.2"), (None, "plain")):
        archive.notes.add(run, text, author=author)
    file = tmp_path / "notes.jsonl.gz"
    assert export_archive(archive, file).added["note"] == 2
    assert import_archive(second, file).added["note"] == 2
    nickname = second.runs.newest()[0]
    stored = [(note.author, note.text, note.created) for note in second.notes.of(nickname)]
    assert stored == [(note.author, note.text, note.created) for note in archive.notes.of(run)]
    assert import_archive(second, file).known["note"] == 2, "nothing stands twice"
    # More is noted where the run was made, and less where it was copied to: neither book loses anything.
    archive.notes.add(run, "later")
    export_archive(archive, tmp_path / "more.jsonl.gz")
    report = import_archive(second, tmp_path / "more.jsonl.gz")
    assert (report.added["note"], report.known["note"]) == (1, 2)
    second.notes.add(nickname, "theirs")
    export_archive(second, tmp_path / "back.jsonl.gz")
    back = import_archive(archive, tmp_path / "back.jsonl.gz")
    assert (back.known["note"], back.left_out["note"]) == (3, 1)
    assert len(archive.notes.of(run)) == 3


def test_everything_is_exported_however_many_pages_it_has(
    archive: Archive, run: Run, make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rich(archive, make, run)
    whole = export_archive(archive, tmp_path / "whole.gz").added
    monkeypatch.setattr(gather, "pages", partial(pages, size=2))
    assert export_archive(archive, tmp_path / "pages.gz").added == whole
    assert (tmp_path / "pages.gz").read_bytes() == (tmp_path / "whole.gz").read_bytes()
