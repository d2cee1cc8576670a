"""Runs: names, states, claims, stop requests, remembered values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nashforge.archive import AmbiguousReference, Conflict, NicknameTaken, NotFound, RunBusy, RunState, Status
from nashforge.archive.records import Run
from nashforge.archive.store import Archive

from .conftest import Maker


def test_a_run_comes_back_as_it_was_stored(archive: Archive) -> None:
    config = {"strategy": "evolution", "suite": ["kuhn_poker"], "nested": {"a": [1, 2.5, None, "ü\x00"]}}
    run = archive.runs.create(
        "cfr", config, seed=2**63 - 1, nickname="first-try", versions={"numpy": "2"}, host={"cores": 2}
    )
    assert archive.runs.get(run) == run
    assert (run.config, run.seed, run.nickname) == (config, 2**63 - 1, "first-try")
    assert (run.versions, run.host, run.state) == ({"numpy": "2"}, {"cores": 2}, RunState.CREATED)
    assert abs(run.created - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": object()}, {"x": {1, 2}}])
def test_a_configuration_must_be_plain(archive: Archive, bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot be stored as JSON"):
        archive.runs.create("cfr", bad)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_must_fit(archive: Archive, seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        archive.runs.create("cfr", {}, seed=seed)


def test_found_by_number_name_uid_and_prefix(archive: Archive) -> None:
    run = archive.runs.create("cfr", {}, nickname="Leduc-first")
    other = archive.runs.create("cfr", {}, nickname="Leduc-second")
    for reference in (run.id, str(run.id), "leduc-first", "LEDUC-F", run.uid, run.uid[:12], run):
        assert archive.runs.get(reference) == run
    with pytest.raises(AmbiguousReference, match="fits several runs: Leduc-second, Leduc-first; write more"):
        archive.runs.get("leduc")
    for missing in ("nothing", "", "99", 99, "%"):
        with pytest.raises(NotFound, match="nashforge runs"):
            archive.runs.get(missing)
    with pytest.raises(NicknameTaken, match="resume"):
        archive.runs.create("cfr", {}, nickname="leduc-First")
    with pytest.raises(NicknameTaken):
        archive.runs.rename(other, "LEDUC-first")
    assert archive.runs.rename(other, "kuhn").nickname == "kuhn"
    assert archive.runs.rename(other, "Kuhn").nickname == "Kuhn"


def test_states_keep_their_times_and_reason(archive: Archive, run: Run) -> None:
    running = archive.runs.claim(run, "me")
    assert running.state is RunState.RUNNING
    assert running.started is not None
    assert running.finished is None
    paused = archive.runs.set_state(run, RunState.PAUSED, "outage")
    assert (paused.stop_reason, paused.owner, paused.heartbeat, paused.finished) == (
        "outage",
        None,
        None,
        None,
    )
    again = archive.runs.claim(run, "you")
    assert again.started == running.started
    assert again.stop_reason is None
    done = archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")
    assert done.finished is not None
    assert done.finished >= running.started


def test_only_one_process_works_on_a_run(archive: Archive, run: Run) -> None:
    archive.runs.claim(run, "me")
    with pytest.raises(RunBusy, match="worked on by me"):
        archive.runs.claim(run, "you")
    assert archive.runs.heartbeat(run, "me")
    assert not archive.runs.heartbeat(run, "you")
    assert archive.runs.claim(run, "you", stale_after=0.0).owner == "you"
    assert not archive.runs.heartbeat(run, "me")
    archive.runs.set_state(run, RunState.STOPPED)
    assert archive.runs.claim(run, "me").owner == "me"


def test_a_stop_request_reaches_the_run_and_ends_with_the_next_claim(archive: Archive, run: Run) -> None:
    archive.runs.claim(run, "me")
    assert not archive.runs.stop_requested(run)
    with Archive.open(archive.database.url, create=False) as elsewhere:
        elsewhere.runs.request_stop(elsewhere.runs.get(run.nickname))
    assert archive.runs.stop_requested(run)
    archive.runs.set_state(run, RunState.STOPPED, "asked to")
    archive.runs.claim(run, "me")
    assert not archive.runs.stop_requested(run)


def test_remembered_values_are_replaced(archive: Archive, run: Run) -> None:
    assert archive.runs.get_value(run, "bandit") is None
    assert archive.runs.get_value(run, "bandit", 3) == 3
    archive.runs.set_value(run, "bandit", {"a": [1.5, "b"]})
    archive.runs.set_value(run, "bandit", [None, True])
    archive.runs.set_value(archive.runs.create("cfr", {}), "bandit", 0)
    assert archive.runs.get_value(run, "bandit") == [None, True]
    with pytest.raises(ValueError, match="'bandit'"):
        archive.runs.set_value(run, "bandit", float("inf"))


def test_the_newest_runs_come_first_and_count_by_status(archive: Archive, run: Run, make: Maker) -> None:
    for number, fitness in enumerate([0.1, None, 0.7, 0.7, None]):
        make.finished(run, number, fitness)
    make.candidate(run, 9)
    empty = archive.runs.create("psro", {})
    assert archive.candidates.counts(run) == {Status.OK: 3, Status.CRASHED: 2, Status.PENDING: 1}
    assert archive.candidates.counts(empty) == {}
    assert archive.runs.newest() == [empty, archive.runs.get(run)]
    assert archive.runs.newest(limit=1) == [empty]


def test_deleting_a_run_keeps_programs_and_other_runs(archive: Archive, run: Run, make: Maker) -> None:
    kept = archive.runs.create("cfr", {})
    make.finished(run, 1, 0.5)
    survivor = make.finished(kept, 1, 0.5)
    archive.runs.claim(run, "me")
    with pytest.raises(Conflict, match="running"):
        archive.runs.delete(run)
    archive.runs.set_state(run, RunState.STOPPED)
    archive.runs.delete(run)
    with pytest.raises(NotFound):
        archive.runs.get(run.nickname)
    assert archive.candidates.of(run) == []
    assert [e.candidate_id for e in archive.evaluations.find()] == [survivor.id]
    assert archive.programs.get(make.program(1)).source == "x = 1\n"
