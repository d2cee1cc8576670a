"""Exports that are damaged, forged, or none at all: nothing of them is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import ArchiveError, DamagedExport, export_archive, import_archive
from nashforge.archive.records import Run
from nashforge.archive.store import Archive
from nashforge.archive.transfer import files

from .conftest import Maker, all_programs, contents, line_of, rich


def edit(file: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    change(lines)
    file.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode() + b"\n"))


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
