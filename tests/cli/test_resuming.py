"""``nashforge resume`` of runs that are finished, and how long was worked on a run."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import Archive, RunState
from nashforge.cli.report.page import _facts
from nashforge.evolve.results.report import report_of
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.resuming import nothing_left


@pytest.fixture
def finished(empty: Any) -> Any:
    empty.json("run", "cfr", *empty.quick, "--max-evaluations", 3, "--name", "short", "--no-final-test")
    return empty


def state_of(commands: Any) -> dict[str, Any]:
    value: dict[str, Any] = commands.json("status", "short")
    return value


def test_a_finished_run_is_not_touched_and_says_what_would_continue_it(finished: Any) -> None:
    before = state_of(finished)
    text = finished.text("resume", "short")
    assert "it made 3 evaluations of at most 3; nothing was changed" in text
    assert "nashforge resume short --max-evaluations 6" in text
    told = finished.json("resume", "short", "--patience", 5)
    assert (told["evaluations"], told["stop_reason"]) == (3, "max_evaluations")
    assert state_of(finished) == before
    (command,) = re.findall(r"^  nashforge (.*)$", text, re.MULTILINE)
    assert finished.json(*command.split())["evaluations"] == 6


def test_a_limit_below_what_was_made_is_wrong_usage(finished: Any) -> None:
    before = state_of(finished)
    result = finished("resume", "short", "--max-evaluations", 2)
    assert result.exit_code == 2
    assert "--max-evaluations 2 is below the 3 evaluations that short has made" in result.stderr
    assert state_of(finished) == before
    assert "nothing was changed" in finished.text("resume", "short", "--max-evaluations", 3)
    assert state_of(finished) == before


def test_an_archive_that_was_given_a_lower_limit_says_nothing_false(finished: Any) -> None:
    with Archive.open(finished.database) as archive:
        archive.runs.set_value(archive.runs.get("short"), "changes", {"max_evaluations": 2})
        facts = dict(_facts(report_of(archive, archive.runs.get("short"))))
    assert facts["evaluations"] == "3 of at most 3"
    assert "evaluations 3/3" in finished.text("status", "short")


@pytest.mark.parametrize(
    ("reason", "settings", "changes", "option"),
    [
        ("max_minutes", {"max_minutes": 5.0}, {"max_evaluations": 99}, "--max-minutes 5"),
        ("patience", {"patience": 4}, {"patience": 4}, "--patience 8"),
        ("patience", {"patience": 4}, {"patience": 5}, None),
        ("max_cost", {"budget_usd": 5.0}, {}, "--budget-usd 10"),
        ("max_cost", {"budget_usd": 5.0}, {"budget_usd": 0.0}, None),
        ("max_tokens", {"max_tokens": 1000}, {"max_tokens": 999}, "--max-tokens 2000"),
        ("exhausted: only repetitions", {}, {}, "--max-evaluations 160"),
        ("exhausted: only repetitions", {}, {"max_evaluations": 90}, None),
        ("outage: the server is gone", {}, {}, None),
        ("replayed: the recording has no more answers", {}, {}, "repeated a recording"),
    ],
)
def test_every_end_names_what_would_continue_the_run(
    tmp_path: Path, reason: str, settings: dict[str, Any], changes: dict[str, Any], option: str | None
) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        run = archive.runs.create("cfr", {"max_evaluations": 80, **settings}, seed=0, nickname="r")
        run = archive.runs.set_state(run, RunState.FINISHED, reason)
        told = nothing_left(archive, run, changes)
    assert (told is None) == (option is None)
    assert option is None or (told is not None and option in told)


def test_time_is_time_worked(finished: Any) -> None:
    first = state_of(finished)["seconds"]
    # What lies between two sessions is no work.
    with Archive.open(finished.database) as archive:
        run = archive.runs.get("short")
        archive.runs.set_value(run, "worked", 100.0)
        assert run.finished is not None
        assert run_status(archive, run).result.seconds == 100.0
    began = time.monotonic()
    told = finished.json("resume", "short", "--max-evaluations", 5)
    took = time.monotonic() - began
    assert 100.0 < told["seconds"] <= 100.0 + took + 0.01
    assert state_of(finished)["seconds"] == pytest.approx(told["seconds"], abs=0.01)
    with Archive.open(finished.database) as archive:
        facts = dict(_facts(report_of(archive, archive.runs.get("short"))))
    assert facts["time worked"].startswith("1 min 4")
    assert first < 100


def test_runs_that_never_told_were_worked_on_from_start_to_end(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        run = archive.runs.create("cfr", {}, seed=0)
        run = archive.runs.set_state(run, RunState.RUNNING)
        run = archive.runs.set_state(run, RunState.FINISHED)
        assert run.started is not None
        assert run.finished is not None
        found = run_status(archive, run).result.seconds
        assert timedelta(seconds=found) == run.finished - run.started
        assert json.dumps(found)
