"""Exports and imports: complete, idempotent, whole or not at all, and safe with anybody's file."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import (
    ArchiveError,
    CallStatus,
    Conflict,
    DamagedExport,
    DiskFull,
    NewEvaluation,
    Parent,
    Role,
    RunState,
    Status,
    export_archive,
    import_archive,
)
from nashforge.archive.records import Run
from nashforge.archive.storage.rows import pages
from nashforge.archive.store import Archive
from nashforge.archive.transfer import files, gather

from .conftest import Maker, all_programs


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Archive]:
    """Another empty archive."""
    with Archive.open(tmp_path / "second.db") as opened:
        yield opened


def rich(archive: Archive, make: Maker, run: Run) -> None:
    """Fill an archive with one of everything."""
    first = make.finished(run, 0, 0.1)
    child = make.finished(
        run, 1, 0.2, parents=[Parent(first.id), Parent(first.id, Role.INSPIRATION)], island=1, data={"a": 1}
    )
    archive.candidates.set_fitness(child, validation=0.3)
    make.finished(run, 2, None)
    archive.candidates.add(run, operator="diff", proposer="x", status=Status.REJECTED, reason="\x00 no")
    make.candidate(run, 3)
    archive.evaluations.add(make.measured(make.program(0), 0.7))
    failure = NewEvaluation(program=make.program(9).hash, suite="cfr-test", status=Status.TIMEOUT, log="slow")
    archive.evaluations.add(failure)
    call = archive.calls.reserve(
        run, provider="p", model="m", request={"text": "\x00"}, reserved_cost=1.0, candidate=child
    )
    archive.calls.settle(call, CallStatus.OK, cost=0.1, response={"text": "ok"}, input_tokens=3)
    archive.runs.set_value(run, "rng", {"state": [1, 2**60]})
    archive.runs.claim(run, "me")
    archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")


def contents(archive: Archive) -> list[Any]:
    """Everything that travels, without the numbers that a database gives, and where it came from."""
    programs = {program.hash: program for program in all_programs(archive)}
    found: list[Any] = [{key: replace(program, imported=None) for key, program in programs.items()}]
    for run in reversed(archive.runs.newest()):
        found.append(replace(run, id=0, imported=None))
        index = {c.id: c.index for c in archive.candidates.of(run)}
        for candidate, evaluations in archive.candidates.outcomes(run):
            parents = [(index[p.candidate_id], p.role) for p in candidate.parents]
            found.append((replace(candidate, id=0, run_id=0, imported=None, parents=()), parents))
            found += [replace(e, id=0, run_id=0, candidate_id=0, imported=None) for e in evaluations]
        for call in archive.calls.find(run=run):
            place = None if call.candidate_id is None else index[call.candidate_id]
            found.append((replace(call, id=0, run_id=0, candidate_id=0, imported=None), place))
        found.append(archive.runs.get_value(run, "rng"))
    alone = [e for e in archive.evaluations.find() if e.run_id is None]
    return [*found, [replace(e, id=0, imported=None) for e in alone]]


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


def edit(file: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    change(lines)
    file.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode() + b"\n"))


def line_of(kind: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in lines if line["kind"] == kind)


DAMAGE: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "altered program": lambda lines: line_of("program", lines).update(source="import os\n"),
    "line missing": lambda lines: lines.pop(-2),
    "end missing": lambda lines: lines.pop(),
    "header missing": lambda lines: lines.pop(0),
    "after the end": lambda lines: lines.append(lines[1]),
    "run missing": lambda lines: lines.remove(line_of("run", lines)),
    "program missing": lambda lines: [lines.remove(p) for p in list(lines) if p["kind"] == "program"],
    "candidate missing": lambda lines: line_of("evaluation", lines).update(candidate=999),
    "other version": lambda lines: lines[0].update(version=99),
    "unknown kind": lambda lines: lines[1].update(kind="trojan"),
    "unknown field": lambda lines: lines[1].update(extra=1),
    "score not finite": lambda lines: line_of("evaluation", lines)["scores"][0].update(value="NaN"),
    "control characters": lambda lines: line_of("run", lines).update(nickname="a\x1b[2J"),
    "failure with fitness": lambda lines: line_of("candidate", lines).update(status="crashed", train=9.0),
    "failure with scores": lambda lines: line_of("evaluation", lines).update(status="crashed", fitness=None),
    "two scores in one place": lambda lines: line_of("evaluation", lines)["scores"].append(
        line_of("evaluation", lines)["scores"][0]
    ),
    "its own parent": lambda lines: line_of("candidate", lines)["parents"].append(
        {"run": line_of("run", lines)["uid"], "index": line_of("candidate", lines)["index"], "role": "parent"}
    ),
    "huge number": lambda lines: line_of("candidate", lines).update(index=2**63),
    "too long a name": lambda lines: line_of("candidate", lines).update(operator="x" * 65),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_changes_nothing(
    archive: Archive,
    run: Run,
    make: Maker,
    tmp_path: Path,
    damage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor if every line is stored by itself, before the next one is looked at."""
    monkeypatch.setattr(files, "STORED_LINES", 1)
    monkeypatch.setattr(files, "BATCH_LINES", 1)
    rich(archive, make, run)
    file = tmp_path / "a.gz"
    export_archive(archive, file)
    edit(file, DAMAGE[damage])
    with Archive.open(tmp_path / "third.db") as third:
        with pytest.raises(DamagedExport, match=r"export|upgrade Nashforge"):
            import_archive(third, file)
        assert third.runs.newest() == []
        assert all_programs(third) == []


@pytest.mark.parametrize("wrong", [{"iteration": "12"}, {"iteration": True}, {"value": "0.5"}])
def test_numbers_of_scores_are_numbers(
    archive: Archive, second: Archive, run: Run, make: Maker, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    make.finished(run, 0, 0.1)
    export_archive(archive, tmp_path / "a.gz")
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "a.gz").read_bytes()).splitlines()]
    [scores] = [line["scores"] for line in lines if line["kind"] == "evaluation"]
    scores.insert(0, {**scores[0], "iteration": 5})
    scores.insert(0, {**scores[0], **wrong})
    (tmp_path / "b.gz").write_bytes(gzip.compress("".join(f"{json.dumps(one)}\n" for one in lines).encode()))
    with pytest.raises(ArchiveError, match="scores"):
        import_archive(second, tmp_path / "b.gz")
    assert second.runs.newest() == []


def test_what_a_file_does_not_describe_may_be_there_already(
    archive: Archive, run: Run, make: Maker, tmp_path: Path, second: Archive
) -> None:
    rich(archive, make, run)
    file = tmp_path / "all.jsonl.gz"
    export_archive(archive, file)
    import_archive(second, file)

    def only_evaluations(lines: list[dict[str, Any]]) -> None:
        lines[1:-1] = [line for line in lines if line["kind"] == "evaluation"]
        lines[-1]["counts"] = {"evaluation": len(lines) - 2}
        for number, line in enumerate(lines[1:-1]):
            line["token"] = f"another-{number}"

    edit(file, only_evaluations)
    assert import_archive(second, file).added["evaluation"] > 0


def test_a_file_that_is_written_to_while_it_is_imported_is_not_stored(
    archive: Archive,
    run: Run,
    make: Maker,
    tmp_path: Path,
    second: Archive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rich(archive, make, run)
    file = tmp_path / "all.jsonl.gz"
    export_archive(archive, file)
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    program = next(line for line in lines if line["kind"] == "program")
    program["source"] += "# and more\n"
    forged = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())

    passes, read = [0], files._lines

    def exchanged(texts: Any, source: Path, *reader: Any) -> Any:
        passes[0] += 1
        if passes[0] == 2:
            file.write_bytes(forged)
        return read(texts, source, *reader)

    monkeypatch.setattr(files, "_lines", exchanged)
    with pytest.raises(DamagedExport, match="was changed while it was imported"):
        import_archive(second, file)
    assert all_programs(second) == []


def test_files_that_are_no_exports(archive: Archive, run: Run, make: Maker, tmp_path: Path) -> None:
    rich(archive, make, run)
    file = tmp_path / "a.gz"
    export_archive(archive, file)
    whole = file.read_bytes()
    before = contents(archive)
    for content in (whole[: len(whole) // 2], whole[:-4], b"text", b"", gzip.compress(b"[]\n"), whole + b"x"):
        file.write_bytes(content)
        with pytest.raises(DamagedExport):
            import_archive(archive, file)
    with pytest.raises(ArchiveError, match="check the path"):
        import_archive(archive, tmp_path / "missing.gz")
    assert contents(archive) == before


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
