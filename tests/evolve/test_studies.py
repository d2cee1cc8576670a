"""Studies: several seeds under one name, resumed from what is stored, selected by validation, tested once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nashforge.archive import Archive, RunState
from nashforge.archive.stores.views import Evaluated
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.results.studies import (
    best_so_far,
    difference_of,
    median_of,
    points_of,
    study_status,
)
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.runs.studies import create_study, forecast, seeds_of, work_on_study


def item(index: int, train: float | None, validation: float | None = None) -> Evaluated:
    return Evaluated(index, index, "p", train, validation)


def test_seeds_are_read_as_ranges_and_lists() -> None:
    assert seeds_of("0-4") == (0, 1, 2, 3, 4)
    assert seeds_of("7, 1-2") == (7, 1, 2)
    for wrong in ("", "a", "3-1", "1,1", "0-5000", "-1", "9" * 5000, "1-²"):
        with pytest.raises(ConfigError, match="seeds"):
            seeds_of(wrong)


def test_a_curve_is_what_the_search_would_choose_then() -> None:
    curve = best_so_far([item(0, None), item(1, 0.5), item(2, 0.9), item(3, 0.4, 0.4), item(4, 0.5, 0.6)])
    # What is validated comes before what is not, whatever its training fitness.
    assert curve == [(None, None), (0.5, None), (0.9, None), (0.4, 0.4), (0.5, 0.6)]


def test_medians_are_over_seeds_and_end_with_the_shortest_search() -> None:
    points = points_of([[(0.0, None), (1.0, 1.0)], [(2.0, 2.0), (3.0, 2.0), (9.0, 9.0)]])
    assert [point.evaluations for point in points] == [1, 2]
    assert points[0].validation is None, "one search had validated nothing"
    assert points[0].train is not None
    assert points[0].train.value == 1.0
    last = points[1].train
    assert last is not None
    assert (last.value, last.low, last.high) == (2.0, 1.0, 3.0)


def test_an_interval_covers_the_median_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    found = [median_of(rng.normal(size=25).tolist()) for _ in range(60)]
    covered = np.mean([m.low is not None and m.high is not None and m.low <= 0 <= m.high for m in found])
    assert 0.85 <= covered <= 1.0
    assert median_of([3.0]).low is None
    above = difference_of([2.0, 2.1, 2.2, 2.3], [1.0, 1.1, 1.2, 1.3])
    assert above.value == pytest.approx(1.0)
    assert above.low is not None
    assert above.low > 0


def test_a_study_says_what_each_search_may_spend_and_all_of_them(tiny: Any) -> None:
    said = forecast(tiny(max_evaluations=20, max_minutes=3), (0, 1, 2))
    assert said == "3 searches (seeds 0-2) of at most 20 evaluations each, 60 in all, and 3 minutes each"
    models = tiny(
        proposer="anthropic:x@http://127.0.0.1:9", price_unknown="3/15", budget_usd=2.0, max_evaluations=20
    )
    said = forecast(models, (0, 5))
    assert "seeds 0,5" in said
    assert "$2.00 each" in said
    assert "at most $4.00 are spent" in said
    assert "for 40 evaluations" in said


@pytest.mark.slow
def test_a_study_is_its_runs_and_tests_the_chosen_program_once(archive: Archive, tiny: Any) -> None:
    config = tiny(max_evaluations=4)
    study = create_study(archive, config, (0, 1), name="broad-look")
    before = study_status(archive, study)
    assert (before.state, before.chosen, before.evaluations) == ("created", None, 0)
    work_on_study(archive, study)
    told = study_status(archive, study)
    assert [now.run.nickname for now in told.runs] == ["broad-look-seed0", "broad-look-seed1"]
    assert (told.state, told.evaluations, told.limit) == ("finished", 8, 8)
    assert told.chosen is not None
    best = max(f.candidate.validation or -9 for f in told.finalists)
    assert told.chosen.candidate.validation == best
    tests = archive.evaluations.find(split="test")
    tested = {row.candidate_id for row in tests if row.candidate_id is not None}
    first = archive.candidates.of(told.chosen.run.run, limit=1)[0]
    assert tested <= {told.chosen.candidate.id, first.id}
    assert told.chosen.candidate.test is not None
    # The searches see the same validation games, and are those that would run alone.
    seeds = {now.settings["disguise_seed"] for now in told.runs}
    assert len(seeds) == 1
    [shared] = seeds
    alone = start_run(archive, tiny(max_evaluations=4, seed=1, disguise_seed=shared, final_test=False))
    assert alone.best is not None
    assert alone.best.program == told.finalists[1].candidate.program
    # Nothing is left to do, and nothing is tested again.
    assert work_on_study(archive, study) == []
    assert len(archive.evaluations.find(split="test")) == len(tests)


@pytest.mark.slow
def test_searches_at_the_same_time_find_what_they_find_one_after_the_other(
    archive: Archive, tiny: Any
) -> None:
    config = tiny(max_evaluations=4, disguise_seed=3, final_test=False)
    found = []
    for name, parallel in (("one", 1), ("both", 2)):
        study = create_study(archive, config, (0, 1), name=name)
        work_on_study(archive, study, parallel=parallel)
        found.append([f.candidate.program for f in study_status(archive, study).finalists])
    assert found[0] == found[1]
    assert archive.evaluations.find(split="test") == []


def test_a_run_that_another_process_works_on_is_not_taken(archive: Archive, tiny: Any) -> None:
    study = create_study(archive, tiny(), (0, 1), name="broad-look")
    archive.runs.claim(archive.studies.runs(study)[1], "elsewhere:1")
    with pytest.raises(ConfigError, match="broad-look-seed1 of the study broad-look is being worked on"):
        work_on_study(archive, study)
    assert archive.runs.get("broad-look-seed0").state is RunState.CREATED


def test_a_recorded_run_makes_no_study(archive: Archive, tiny: Any) -> None:
    config = tiny(proposer="anthropic:x", replay="r")
    with pytest.raises(ConfigError, match="do not depend on the seed"):
        create_study(archive, config, (0, 1))
    with pytest.raises(ConfigError, match="each once"):
        create_study(archive, tiny(), (1, 1))
    assert archive.studies.newest() == []


KILLED = """
import sys
from nashforge.archive import Archive
from nashforge.evolve.runs.studies import work_on_study
with Archive.open(sys.argv[1]) as archive:
    work_on_study(archive, archive.studies.get("broad-look"))
"""


@pytest.mark.slow
def test_a_killed_study_resumes_to_the_same_end(archive: Archive, tiny: Any) -> None:
    config = tiny(max_evaluations=5, disguise_seed=3, final_test=False)
    whole = create_study(archive, config, (0, 1), name="undisturbed")
    work_on_study(archive, whole)
    study = create_study(archive, config, (0, 1), name="broad-look")
    url = archive.database.url
    process = subprocess.Popen([sys.executable, "-c", KILLED, url], start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and study_status(archive, study).evaluations < 6:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    states = [now.state for now in study_status(archive, study).runs]
    assert states[0] == "finished"
    # A heartbeat may be a minute old before a run is taken over from a process that is alive: it is gone.
    for run in archive.studies.runs(study):
        if run.state is RunState.RUNNING:
            archive.runs.set_state(run, RunState.STOPPED, "killed")
    work_on_study(archive, study)
    ends = [[f.candidate.program for f in study_status(archive, each).finalists] for each in (whole, study)]
    assert ends[0] == ends[1]


@pytest.mark.slow
def test_higher_limits_are_those_of_each_search(archive: Archive, tiny: Any) -> None:
    study = create_study(archive, tiny(max_evaluations=3, final_test=False), (0, 1))
    work_on_study(archive, study)
    results = work_on_study(archive, study, changes={"max_evaluations": 5})
    assert [result.evaluations for result in results] == [5, 5]
    told = study_status(archive, study)
    assert told.limit == 10
    assert replace(told, points=()).finished
