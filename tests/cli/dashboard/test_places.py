"""Where links lead: a program is told as in the run that one comes from, and no page is beyond the last."""

from __future__ import annotations

import pytest

from nashforge.archive import Archive, NewEvaluation, RunState, Score, Status
from nashforge.evolve.domains import domain
from nashforge.evolve.search.measured.outcomes import SCALES
from nashforge.solvers import rule_source


@pytest.fixture
def twice(tmp_path):
    """Return an archive in which two runs start from the same program."""
    path = tmp_path / "twice.db"
    with Archive.open(path) as archive:
        start = archive.programs.add(rule_source("cfr"), "cfr")
        study = archive.studies.create("cfr", {"domain": "cfr"}, nickname="both")
        for seed, name in enumerate(("first-one", "other-one")):
            run = archive.runs.create("cfr", {"domain": "cfr"}, nickname=name, seed=seed)
            archive.studies.add_run(study, run, seed)
            for index in range(2):
                program = start if index == 0 else archive.programs.add(f"# {name}\n", "cfr")
                again = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
                fitness = 10.0 * seed + index
                archive.candidates.finish(again, Status.OK, train=fitness, validation=fitness)
            best = archive.candidates.of(run)[-1]
            archive.candidates.set_fitness(best, test=5.0 + seed)
            archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")
    return path, start.hash


def test_a_program_of_several_runs_is_told_as_in_the_run_that_one_comes_from(twice, opened_at):
    path, start = twice
    client = opened_at(path)
    for name, fitness, elsewhere in (("first-one", "+0.000", "+10.000"), ("other-one", "+10.000", "+0.000")):
        link = f"/programs/{start}?run={name}"
        for place in (f"/runs/{name}/lineage?at={start}", f"/runs/{name}/programs", f"/runs/{name}"):
            assert link in client.get(place).text, place
        beside = client.get(f"/programs/{start}/panel?run={name}").text
        assert f"train <b>{fitness}</b>" in beside
        assert elsewhere not in beside
        tiles = client.get(link).text.partition("<h2")[0]
        assert f"<b>{fitness}</b>" in tiles
        assert elsewhere not in tiles
    assert "train <b>+0.000</b>" in client.get(f"/programs/{start}/panel?run=renamed-since").text


def test_a_study_tells_the_test_of_what_ships(twice, opened_at):
    client = opened_at(twice[0])
    page = client.get("/studies/both").text
    assert "test of what ships</span><b>+6.000</b>" in page
    assert "test, median" not in page + client.get("/studies").text


def test_beyond_the_last_page_is_the_last_page(twice, opened_at):
    client = opened_at(twice[0])
    for address in ("/runs", "/programs", "/runs/first-one/programs", "/studies"):
        rows = client.get(address).text.count("<tr")
        assert client.get(f"{address}?page=99").text.count("<tr") == rows > 1, address


def test_programs_whose_games_are_others_are_named_where_they_are_missing(tmp_path, opened_at):
    with Archive.open(tmp_path / "units.db") as archive:
        names = []
        for unit in (2.0, 16.0):
            program = archive.programs.add(f"# {unit}\n", "cfr")
            names.append(program.nickname)
            row = NewEvaluation(
                program=program.hash,
                suite="tiny",
                split="train",
                status=Status.OK,
                evaluator=domain("cfr").evaluator,
                settings={"horizon": 50, SCALES: {"kuhn_poker": unit}},
                scores=(Score("kuhn_poker", "exploitability", 0.1, "min", 50),),
            )
            archive.evaluations.add(row)
    text = opened_at(tmp_path / "units.db").get("/compare", params={"p": " ".join(names)}).text
    assert f"Not measured on these games: {names[1]}." in text
