"""Runs are renamed and deleted; what else the archive holds stays."""

from __future__ import annotations

from nashforge.archive import Archive, Status
from nashforge.archive.records import NewEvaluation

from .conftest import Commands


def test_a_run_is_renamed_and_deleted(empty: Commands) -> None:
    with Archive.open(empty.database) as archive:
        run = archive.runs.create("cfr", {}, nickname="old-name")
        other = archive.runs.create("cfr", {}, nickname="other-run")
        program = archive.programs.add("x = 1", "cfr")
        candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
        measured = NewEvaluation(program=program.hash, suite="s", status=Status.OK)
        archive.candidates.finish(candidate, Status.OK, evaluations=[measured])
    assert empty.json("archive", "rename", "old-name", "new-name") == {
        "run": "new-name",
        "before": "old-name",
    }
    for taken, words in (("other-run", "another run or study is called"), ("12", "must begin with a letter")):
        refused = empty("archive", "rename", "new-name", taken)
        assert refused.exit_code == 2
        assert words in refused.stderr
    kept = empty("archive", "delete", "new-name")
    assert (kept.exit_code, "--yes" in kept.stderr) == (2, True)
    with Archive.open(empty.database) as archive:
        assert archive.runs.get("new-name").id == run.id
    assert empty.json("archive", "delete", "new-name", "--yes") == {"deleted": "new-name"}
    with Archive.open(empty.database) as archive:
        assert archive.runs.newest() == [other]
        assert archive.evaluations.find() == []
        assert archive.programs.get(program.hash) == program


def test_a_running_run_is_not_deleted(empty: Commands) -> None:
    with Archive.open(empty.database) as archive:
        run = archive.runs.create("cfr", {}, nickname="busy")
        archive.runs.claim(run, "somewhere:1")
    refused = empty("archive", "delete", "busy", "--yes")
    assert refused.exit_code != 0
    assert "nashforge stop busy" in refused.stderr
