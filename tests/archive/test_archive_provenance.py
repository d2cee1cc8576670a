"""What was imported is marked for good, counts for nothing, and changes nothing that was made here."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from nashforge.archive import CallStatus, Status, export_archive, import_archive
from nashforge.archive.records import OPEN, Run
from nashforge.archive.store import Archive
from nashforge.archive.transfer.copying import copy_archive

from .conftest import Maker, all_programs


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Archive]:
    """Another empty archive."""
    with Archive.open(tmp_path / "second.db") as opened:
        yield opened


def marks(archive: Archive) -> list[datetime | None]:
    """Return the mark of every row that can have one."""
    runs = archive.runs.newest()
    found = [run.imported for run in runs]
    for run in runs:
        found += [candidate.imported for candidate in archive.candidates.of(run)]
        found += [call.imported for call in archive.calls.find(run=run)]
    found += [evaluation.imported for evaluation in archive.evaluations.find()]
    return found + [program.imported for program in all_programs(archive)]


def filled(archive: Archive, run: Run, make: Maker) -> None:
    """Store a run with measurements, and one made on request."""
    make.finished(run, 0, 0.1)
    make.finished(run, 1, 0.9)
    make.finished(run, 2, None)
    archive.evaluations.add(make.measured(make.program(0), 0.5))
    archive.calls.reserve(run, provider="p", model="m", request={}, reserved_cost=1.0, token="a" * 8)
    archive.calls.settle("a" * 8, CallStatus.OK, cost=0.5, response={})


def test_the_marks_stay_whatever_is_done_with_the_rows(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    filled(archive, run, make)
    assert set(marks(archive)) == {None}
    export_archive(archive, tmp_path / "a.gz")
    import_archive(second, tmp_path / "a.gz")
    before = marks(second)
    assert None not in before
    # Imported again, exported again, copied: nothing becomes our own.
    import_archive(second, tmp_path / "a.gz")
    assert marks(second) == before
    export_archive(second, tmp_path / "b.gz")
    with Archive.open(tmp_path / "third.db") as third:
        import_archive(third, tmp_path / "b.gz")
        assert None not in marks(third)
    copy_archive(tmp_path / "second.db", tmp_path / "copy.db")
    with Archive.open(tmp_path / "copy.db") as copied:
        assert marks(copied) == before
    # And back home: what was made there is known there.
    import_archive(archive, tmp_path / "b.gz")
    assert set(marks(archive)) == {None}


def test_a_file_cannot_say_that_it_is_our_own(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    filled(archive, run, make)
    export_archive(archive, tmp_path / "a.gz")
    assert b"imported" not in gzip.decompress((tmp_path / "a.gz").read_bytes())


def test_a_file_does_not_say_which_programs_are_equal(
    archive: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    """By its word, a better program would be taken for a repetition of another."""
    filled(archive, run, make)
    export_archive(archive, tmp_path / "a.gz")
    text = gzip.decompress((tmp_path / "a.gz").read_bytes())
    (tmp_path / "b.gz").write_bytes(gzip.compress(text.replace(b'"ast_hash":null', b'"ast_hash":"equal"')))
    with Archive.open(tmp_path / "b.db") as other:
        assert import_archive(other, tmp_path / "b.gz").added["program"] == 3
    with closing(sqlite3.connect(tmp_path / "b.db")) as raw:
        assert raw.execute("SELECT DISTINCT ast_hash FROM programs").fetchall() == [(None,)]


def test_an_imported_measurement_is_no_cache(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    filled(archive, run, make)
    export_archive(archive, tmp_path / "a.gz")
    import_archive(second, tmp_path / "a.gz")
    program = make.program(0)
    conditions = {"suite_digest": "d1", "evaluator": "1", "split": "train"}
    assert archive.evaluations.cached(program, **conditions) is not None  # type: ignore[arg-type]
    assert second.evaluations.cached(program, **conditions) is None  # type: ignore[arg-type]
    mine = second.evaluations.add(Maker(second).measured(program, 0.25))
    import_archive(second, tmp_path / "a.gz")
    assert second.evaluations.cached(program, **conditions) == mine  # type: ignore[arg-type]
    assert second.evaluations.find(imported=False) == [mine]
    assert mine not in second.evaluations.find(imported=True)
    assert [c.train for c in second.candidates.fitted(second.runs.get(run.nickname))] == [0.1, 0.9]


def test_a_run_of_our_own_takes_nothing_from_a_file(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    """Somebody continues our run, forges better values, and sends it back."""
    filled(archive, run, make)
    waiting = make.candidate(run, 3)
    export_archive(archive, tmp_path / "a.gz")
    import_archive(second, tmp_path / "a.gz")
    theirs = second.runs.get(run.nickname)
    for candidate in second.candidates.of(theirs, status=OPEN):
        second.candidates.finish(candidate, Status.OK, train=1e9)
    second.candidates.set_fitness(second.candidates.of(theirs)[0], test=1e9)
    Maker(second).finished(theirs, 9, 1e9)
    export_archive(second, tmp_path / "b.gz")
    before = archive.candidates.of(run)
    report = import_archive(archive, tmp_path / "b.gz")
    assert archive.candidates.of(run) == before
    assert archive.candidates.get(waiting).status is Status.PENDING
    assert report.left_out == {"candidate": 1, "evaluation": 1}
    assert report.added == {"program": 1}


def test_an_imported_run_that_was_continued_here_is_our_own_from_then_on(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path
) -> None:
    filled(archive, run, make)
    export_archive(archive, tmp_path / "early.gz")
    import_archive(second, tmp_path / "early.gz")
    here = second.runs.get(run.nickname)
    assert second.candidates.forget_imported(here) == 2
    first, _, failed = second.candidates.of(here)
    assert (first.status, first.train, first.imported) == (Status.PENDING, None, None)
    assert (failed.status, failed.imported is None) == (Status.CRASHED, False)
    assert all(e.imported is not None for e in second.evaluations.find())
    second.candidates.finish(first, Status.OK, train=0.125)
    archive.candidates.set_fitness(archive.candidates.of(run)[0], test=7.0)
    make.finished(run, 4, 5.0)
    export_archive(archive, tmp_path / "late.gz")
    assert import_archive(second, tmp_path / "late.gz").left_out == {"candidate": 1, "evaluation": 1}
    assert [c.train for c in second.candidates.of(here)] == [0.125, None, None]
    assert second.runs.get(here).imported is not None


def test_programs_get_no_names_that_mean_something_else(
    archive: Archive, run: Run, make: Maker, second: Archive, tmp_path: Path
) -> None:
    make.program(0)
    export_archive(archive, tmp_path / "a.gz")
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "a.gz").read_bytes()).splitlines()]
    [program] = [line for line in lines if line["kind"] == "program"]
    [own] = [line for line in lines if line["kind"] == "run"]
    for name in ("dcfr", "rule.py", "brisk-otter-x", "brisk-otter-1-2"):
        program["nickname"] = name
        text = "\n".join(json.dumps(line) for line in lines) + "\n"
        (tmp_path / "b.gz").write_bytes(gzip.compress(text.encode()))
        with Archive.open(tmp_path / f"{name}.db") as third:
            assert import_archive(third, tmp_path / "b.gz").renamed == {name: make.program(0).nickname}
    own["nickname"] = "latest"
    (tmp_path / "c.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    with pytest.raises(Exception, match="means the newest run"):
        import_archive(second, tmp_path / "c.gz")
