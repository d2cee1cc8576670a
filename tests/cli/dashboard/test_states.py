"""What a run is, does and waits for: told alike by commands, pages and reports."""

from __future__ import annotations

import re

import pytest

from nashforge.archive import Archive, RunState, Status
from nashforge.evolve.proposers.outages import keep_outages
from nashforge.evolve.results.endings import STOP_REASONS, words_behind
from nashforge.evolve.search.events import Counted
from nashforge.evolve.search.measured.progress import keep_progress
from nashforge.solvers import rule_source

CONFIG = {"domain": "cfr", "strategy": "evolution", "max_evaluations": 9, "horizon": 50}
ENDS = {
    "calm-harbour": (RunState.STOPPED, "interrupted", "stopped", "interrupted"),
    "quick-brook": (RunState.STOPPED, "stopped", "stopped", "on request"),
    "clear-lake": (RunState.FINISHED, "max_minutes", "finished", "time is up"),
    "far-cloud": (RunState.FINISHED, "outage: <b>503</b>", "finished", "outage: <b>503</b>"),
    "sad-otter": (RunState.FAILED, "failed to read a file", "failed", "failed to read a file"),
    "dead-wood": (RunState.RUNNING, None, "lost", "its process died"),
    "new-day": (RunState.CREATED, None, "created", ""),
}
"""States and reasons as they are stored, and how each is told."""


def measured(archive, run, count=2):
    """Store programs of a run that were measured."""
    for index in range(count):
        candidate = archive.candidates.add(run, operator="mutate" if index else "seed", proposer="offline")
        program = archive.programs.add(rule_source("cfr_plus") + f"# {run.nickname} {index}\n", "cfr")
        archive.candidates.set_program(candidate, program, note=f"edit {index}")
        archive.candidates.finish(candidate, Status.OK, train=0.1 * index, validation=0.1 * index)


@pytest.fixture
def ended(empty):
    """Return commands on an archive with a run in every state."""
    with Archive.open(empty.database) as archive:
        for name, (state, reason, *_) in ENDS.items():
            run = archive.runs.create("cfr", CONFIG, nickname=name, seed=0)
            if state is not RunState.CREATED:
                archive.runs.set_state(run, state, reason)
    return empty


def test_a_state_is_followed_by_why_and_not_by_itself():
    assert words_behind("stopped", "stopped") == "on request"
    assert words_behind("failed", "failed to read") == "failed to read", "messages of errors are whole"
    assert words_behind("running", None) == ""
    assert all(words_behind("finished", reason) for reason in STOP_REASONS)


def test_states_are_told_alike_everywhere(ended, opened_at):
    client = opened_at(ended.database)
    listed = ended.text("runs", COLUMNS="200")
    rows = {row["run"]: row for row in ended.json("runs")}
    overview = client.get("/runs").text
    for name, (_, _, state, why) in ENDS.items():
        assert rows[name]["state"] == state
        assert re.search(rf"{name} +{state} .*{re.escape(why)}$", listed, re.MULTILINE)
        told = f"{state} ({why})" if why else state
        assert ended.text("status", name, COLUMNS="200").splitlines()[0] == f"{name}  {told}"
        escaped = why.replace("<", "&lt;").replace(">", "&gt;")
        shown = f'<span class="state {state}">{state}</span>'
        shown += f' <span class="why">{escaped}</span>' if why else ""
        assert shown in overview
        assert shown in client.get(f"/runs/{name}").text


def test_whatever_has_not_come_to_its_end_is_told_how_to_go_on(ended):
    for name, (_, reason, *_) in ENDS.items():
        goes_on = f"nashforge resume {name}" in ended.text("status", name)
        assert goes_on == (reason != "max_minutes"), name


def test_whoever_asks_a_run_to_stop_sees_that_it_is_to(ended, opened_at):
    with Archive.open(ended.database) as archive:
        run = archive.runs.claim(archive.runs.get("new-day"), "elsewhere:1/x")
        archive.runs.request_stop(run)
    assert ended.text("status", "new-day").startswith("new-day  running (asked to stop)")
    page = opened_at(ended.database, control=True).get("/runs/new-day").text
    assert "what is in hand is measured first" in page
    assert ">Stop<" not in page
    assert ">Pause<" not in page


def test_a_run_says_what_it_measures_before_it_goes_on(ended, opened_at):
    with Archive.open(ended.database) as archive:
        run = archive.runs.claim(archive.runs.get("new-day"), "elsewhere:1/x")
        keep_progress(archive, run, Counted("the references", 3, 12), measured=1, seconds=2.0)
        assert "measuring the references: 3 of 12" in ended.text("status", "new-day")
        assert ended.json("status", "new-day")["measuring"] == {"what": "the references", "done": 3, "of": 12}
        assert "measuring the references: 3 of 12" in opened_at(ended.database).get("/runs/new-day").text
        keep_progress(archive, run, Counted("the references", 12, 12), measured=10, seconds=9.0)
        assert ended.json("status", "new-day")["measuring"] is None
        # Another process begins anew, and what the one before had left undone is none of its own.
        keep_progress(archive, run, Counted("the references", 4, 12), measured=1, seconds=2.0)
        archive.runs.set_state(run, RunState.STOPPED, "interrupted")
        assert ended.json("status", "new-day")["measuring"] is None
        archive.runs.claim(run, "elsewhere:2/y")
        assert ended.json("status", "new-day")["measuring"] is None


def test_models_that_are_away_are_told_with_what_they_cost(ended, opened_at):
    with Archive.open(ended.database) as archive:
        run = archive.runs.claim(archive.runs.get("new-day"), "elsewhere:1/x")
        assert ended.json("costs", "new-day")["outages"] == []
        keep_outages(archive, run, [("anthropic:m", "<b>503</b>", 3.0)])
    [away] = ended.json("costs", "new-day")["outages"]
    assert (away["model"], away["reason"]) == ("anthropic:m", "<b>503</b>")
    assert "waiting for anthropic:m, not available since" in ended.text("costs", "new-day")
    page = opened_at(ended.database).get("/runs/new-day/models").text
    assert "waiting for anthropic:m, not available since" in page
    assert "<b>503</b>" not in page


SHARED = "training and validation are the same suite, cfr-train"


def test_splits_that_are_one_suite_are_told_beside_every_outcome(empty, opened_at, tmp_path):
    shared = {**CONFIG, "train": "cfr-train", "validation": "cfr-train", "test": "cfr-test"}
    with Archive.open(empty.database) as archive:
        study = archive.studies.create("cfr", shared, nickname="two-seeds")
        for seed in range(2):
            run = archive.runs.create("cfr", shared, nickname=f"two-seeds-seed{seed}", seed=seed)
            archive.studies.add_run(study, run, seed)
            archive.runs.set_state(run, RunState.RUNNING)
            measured(archive, run)
            archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")
    name = "two-seeds-seed0"
    client = opened_at(empty.database)
    for command in ("status", "best"):
        for one in (name, "two-seeds"):
            assert SHARED in empty.text(command, one, COLUMNS="300"), (command, one)
    for one in (name, "two-seeds"):
        [caution] = empty.json("status", one)["cautions"]
        assert caution.startswith(SHARED)
        file = tmp_path / f"{one}.html"
        empty.json("report", one, "--output", file)
        assert SHARED in file.read_text()
    assert SHARED in client.get(f"/runs/{name}").text
    assert SHARED in client.get("/studies/two-seeds").text
