"""Studies in the archive: their runs in order, their names, and what travels with an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashforge.archive import (
    Archive,
    Conflict,
    NicknameTaken,
    NotFound,
    RunState,
    Status,
    Study,
    export_archive,
    import_archive,
)

SOURCE = "class A:\n    pass\n"


def study_of(archive: Archive, seeds: tuple[int, ...] = (0, 1), name: str = "broad-look") -> Study:
    study = archive.studies.create("cfr", {"horizon": 5}, nickname=name)
    for position, seed in enumerate(seeds):
        run = archive.runs.create("cfr", {"horizon": 5}, seed=seed, nickname=f"{name}-seed{seed}")
        archive.studies.add_run(study, run, position)
    return study


def test_a_study_has_its_runs_in_its_order(archive: Archive) -> None:
    study = study_of(archive, (4, 0, 2))
    alone = archive.runs.create("cfr", {})
    runs = archive.studies.runs(study)
    assert [run.seed for run in runs] == [4, 0, 2]
    assert archive.studies.of_runs([*runs, alone]) == {run.id: study for run in runs}
    assert archive.studies.get("BROAD-look") == archive.studies.named("broad-look") == study
    assert archive.studies.get("broad-l") == study
    assert archive.studies.named("broad-l") is None
    with pytest.raises(NotFound, match="no study is called 'narrow'"):
        archive.studies.get("narrow")


def test_studies_and_runs_do_not_share_names(archive: Archive) -> None:
    study = study_of(archive)
    alone = archive.runs.create("cfr", {}, nickname="alone")
    with pytest.raises(NicknameTaken):
        archive.runs.create("cfr", {}, nickname="broad-look")
    with pytest.raises(NicknameTaken):
        archive.runs.rename(alone, "broad-look")
    for name in ("alone", "broad-look"):
        with pytest.raises(NicknameTaken):
            archive.studies.create("cfr", {}, nickname=name)
    with pytest.raises(NicknameTaken):
        archive.studies.rename(study, "alone")
    assert archive.studies.rename(study, "other").nickname == "other"


def test_evaluations_are_what_the_budget_counts(archive: Archive) -> None:
    run = archive.runs.create("cfr", {})
    program = archive.programs.add(SOURCE, "cfr")
    for status, of in ((Status.OK, program), (Status.DUPLICATE, None), (Status.CRASHED, program)):
        candidate = archive.candidates.add(run, program=of, operator="m", proposer="p", status=Status.PENDING)
        archive.candidates.finish(candidate, status, train=0.5 if status is Status.OK else None)
    archive.candidates.add(run, program=program, operator="m", proposer="p")
    found = archive.studies.evaluated(run)
    assert [(item.index, item.train) for item in found] == [(0, 0.5), (2, None)]


def test_a_study_is_deleted_with_its_runs_unless_one_is_at_work(archive: Archive) -> None:
    study = study_of(archive)
    first, second = archive.studies.runs(study)
    archive.runs.claim(second, "vm:1")
    with pytest.raises(Conflict, match="broad-look-seed1 is running"):
        archive.studies.delete(study)
    assert archive.runs.get(first) == first
    archive.runs.set_state(second, RunState.STOPPED)
    archive.studies.delete(study)
    assert archive.runs.newest() == archive.studies.newest() == []


def test_a_study_travels_with_all_of_its_runs(archive: Archive, tmp_path: Path) -> None:
    study = study_of(archive, (3, 1))
    runs = archive.studies.runs(study)
    whole = export_archive(archive, tmp_path / "whole.jsonl.gz", runs=runs)
    part = export_archive(archive, tmp_path / "part.jsonl.gz", runs=runs[:1])
    assert (whole.added["study"], part.added.get("study")) == (1, None)
    with Archive.open(tmp_path / "other.db") as other:
        taken = other.runs.create("cfr", {}, nickname="broad-look")
        report = import_archive(other, tmp_path / "whole.jsonl.gz")
        again = import_archive(other, tmp_path / "whole.jsonl.gz")
        (came,) = other.studies.newest()
        assert report.renamed == {"broad-look": came.nickname}, taken
        assert (came.uid, came.config, came.imported is not None) == (study.uid, {"horizon": 5}, True)
        assert [run.seed for run in other.studies.runs(came)] == [3, 1]
        assert (report.added["study"], again.known["study"]) == (1, 1)
