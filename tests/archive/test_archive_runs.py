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
    run = archive.create_run(
        "cfr", config, seed=2**63 - 1, nickname="first-try", versions={"numpy": "2"}, host={"cores": 2}
    )
    assert archive.get_run(run) == run
    assert (run.config, run.seed, run.nickname) == (config, 2**63 - 1, "first-try")
    assert (run.versions, run.host, run.state) == ({"numpy": "2"}, {"cores": 2}, RunState.CREATED)
    assert abs(run.created - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": object()}, {"x": {1, 2}}])
def test_a_configuration_must_be_plain(archive: Archive, bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot be stored as JSON"):
        archive.create_run("cfr", bad)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_must_fit(archive: Archive, seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        archive.create_run("cfr", {}, seed=seed)


def test_found_by_number_name_uid_and_prefix(archive: Archive) -> None:
    run = archive.create_run("cfr", {}, nickname="Leduc-first")
    other = archive.create_run("cfr", {}, nickname="Leduc-second")
    for reference in (run.id, str(run.id), "leduc-first", "LEDUC-F", run.uid, run.uid[:12], run):
        assert archive.get_run(reference) == run
    with pytest.raises(AmbiguousReference, match="fits several runs: Leduc-second, Leduc-first; write more"):
        archive.get_run("leduc")
    for missing in ("nothing", "", "99", 99, "%"):
        with pytest.raises(NotFound, match="nashforge runs"):
            archive.get_run(missing)
    with pytest.raises(NicknameTaken, match="resume"):
        archive.create_run("cfr", {}, nickname="leduc-First")
    with pytest.raises(NicknameTaken):
        archive.rename_run(other, "LEDUC-first")
    assert archive.rename_run(other, "kuhn").nickname == "kuhn"
    assert archive.rename_run(other, "Kuhn").nickname == "Kuhn"


def test_states_keep_their_times_and_reason(archive: Archive, run: Run) -> None:
    running = archive.claim_run(run, "me")
    assert running.state is RunState.RUNNING
    assert running.started is not None
    assert running.finished is None
    paused = archive.set_run_state(run, RunState.PAUSED, "outage")
    assert (paused.stop_reason, paused.owner, paused.heartbeat, paused.finished) == (
        "outage",
        None,
        None,
        None,
    )
    again = archive.claim_run(run, "you")
    assert again.started == running.started
    assert again.stop_reason is None
    done = archive.set_run_state(run, RunState.FINISHED, "max_evaluations")
    assert done.finished is not None
    assert done.finished >= running.started


def test_only_one_process_works_on_a_run(archive: Archive, run: Run) -> None:
    archive.claim_run(run, "me")
    with pytest.raises(RunBusy, match="worked on by me"):
        archive.claim_run(run, "you")
    assert archive.heartbeat_run(run, "me")
    assert not archive.heartbeat_run(run, "you")
    assert archive.claim_run(run, "you", stale_after=0.0).owner == "you"
    assert not archive.heartbeat_run(run, "me")
    archive.set_run_state(run, RunState.STOPPED)
    assert archive.claim_run(run, "me").owner == "me"


def test_a_stop_request_reaches_the_run_and_ends_with_the_next_claim(archive: Archive, run: Run) -> None:
    archive.claim_run(run, "me")
    assert not archive.stop_requested(run)
    with Archive.open(archive.url, create=False) as elsewhere:
        elsewhere.request_stop(elsewhere.get_run(run.nickname))
    assert archive.stop_requested(run)
    archive.set_run_state(run, RunState.STOPPED, "asked to")
    archive.claim_run(run, "me")
    assert not archive.stop_requested(run)


def test_remembered_values_are_replaced(archive: Archive, run: Run) -> None:
    assert archive.get_state(run, "bandit") is None
    assert archive.get_state(run, "bandit", 3) == 3
    archive.set_state(run, "bandit", {"a": [1.5, "b"]})
    archive.set_state(run, "bandit", [None, True])
    archive.set_state(archive.create_run("cfr", {}), "bandit", 0)
    assert archive.get_state(run, "bandit") == [None, True]
    with pytest.raises(ValueError, match="'bandit'"):
        archive.set_state(run, "bandit", float("inf"))


def test_the_list_counts_by_status_and_shows_the_best(archive: Archive, run: Run, make: Maker) -> None:
    for number, fitness in enumerate([0.1, None, 0.7, 0.7, None]):
        make.finished(run, number, fitness)
    make.candidate(run, 9)
    empty = archive.create_run("psro", {})
    first, second = archive.list_runs()
    assert (first.run, first.counts, first.best, first.candidates, first.failures) == (empty, {}, None, 0, 0)
    assert second.counts == {Status.OK: 3, Status.CRASHED: 2, Status.PENDING: 1} == archive.counts(run)
    assert (second.candidates, second.failures) == (6, 2)
    assert second.best is not None
    assert second.best.index == 2
    assert [s.run for s in archive.list_runs(domain="cfr")] == [archive.get_run(run)]
    assert archive.list_runs(state=RunState.RUNNING) == []
    assert [s.run for s in archive.list_runs(limit=1)] == [empty]


def test_deleting_a_run_keeps_programs_and_other_runs(archive: Archive, run: Run, make: Maker) -> None:
    kept = archive.create_run("cfr", {})
    make.finished(run, 1, 0.5)
    survivor = make.finished(kept, 1, 0.5)
    archive.claim_run(run, "me")
    with pytest.raises(Conflict, match="running"):
        archive.delete_run(run)
    archive.set_run_state(run, RunState.STOPPED)
    archive.delete_run(run)
    with pytest.raises(NotFound):
        archive.get_run(run.nickname)
    assert archive.candidates(run) == []
    assert [e.candidate_id for e in archive.evaluations()] == [survivor.id]
    assert archive.get_program(make.program(1)).source == "x = 1\n"
