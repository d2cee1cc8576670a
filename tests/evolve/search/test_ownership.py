"""Runs that are held back, taken over, or asked about by a machine whose clock is wrong."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from nashforge.archive import Archive, ArchiveError, Candidate, RunBusy, RunState
from nashforge.archive.storage.models import RunRow
from nashforge.evolve.executors.identity import process_name
from nashforge.evolve.results.run_status import is_alive, run_status
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search import loop, ownership, worked
from nashforge.evolve.search.events import Silent
from nashforge.evolve.search.loop import SearchError
from nashforge.evolve.search.ownership import Ownership

HOUR = 3600.0


def ended_process() -> str:
    """Return the name of a process of this machine that is gone."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    name = process_name(gone.pid)
    gone.wait()
    return name


class Clock:
    """The system's clock, on which a nap takes an hour; whoever naps finds the run let go."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.passed, self.naps = archive, 0.0, 0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += HOUR
        self.naps += 1
        self.archive.runs.request_pause(self.archive.runs.get("held"), paused=False)


def test_time_while_held_back_does_not_count(
    archive: Archive, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(archive)
    for module in (loop, ownership, worked):
        monkeypatch.setattr(module, "time", clock)

    class Pauses(Silent):
        def outcome(self, candidate: Candidate, best: bool) -> None:
            if candidate.index == 1:
                archive.runs.request_pause(archive.runs.get("held"))

    config = tiny(max_evaluations=12, max_minutes=50, final_test=False)
    result = start_run(archive, config, name="held", listener=Pauses())
    assert clock.naps == 1
    assert result.stop_reason == "max_evaluations"
    assert result.evaluations == 12
    assert result.seconds < HOUR


def test_who_lost_a_run_says_nothing_about_it(archive: Archive, tiny: Any) -> None:
    """A process that slept too long finds its run taken over: it ends, and the run goes on elsewhere."""

    class TakesOver(Silent):
        stored: Any = None

        def outcome(self, candidate: Candidate, best: bool) -> None:
            if candidate.index == 2:
                archive.runs.claim(archive.runs.get("taken"), "elsewhere:1", stale_after=0.0)
                self.stored = archive.candidates.counts(archive.runs.get("taken"))

    others = TakesOver()
    with pytest.raises(SearchError, match="taken over by elsewhere:1"):
        start_run(archive, tiny(max_evaluations=9, final_test=False), name="taken", listener=others)
    run = archive.runs.get("taken")
    assert (run.state, run.owner) == (RunState.RUNNING, "elsewhere:1")
    # Nor does it add anything to it: what the other adds next would stand there already.
    assert archive.candidates.counts(run) == others.stored


def test_whoever_is_interrupted_says_nothing_about_a_lost_run(archive: Archive, tiny: Any) -> None:
    class Interrupted(Silent):
        def outcome(self, candidate: Candidate, best: bool) -> None:
            if candidate.index == 2:
                archive.runs.claim(archive.runs.get("taken"), "elsewhere:1", stale_after=0.0)
                raise KeyboardInterrupt

    start_run(archive, tiny(max_evaluations=4, final_test=False), name="taken", listener=Interrupted())
    run = archive.runs.get("taken")
    assert (run.state, run.owner) == (RunState.RUNNING, "elsewhere:1")


@pytest.mark.parametrize("hours", [-5, 5])
def test_whether_a_run_lives_is_told_by_the_databases_clock(archive: Archive, hours: int) -> None:
    """The database's clock is hours before or behind the one of the machine that asks."""

    @event.listens_for(archive.database.engine, "connect")
    def _shift(connection: Any, _record: object) -> None:
        shown = datetime.now(UTC) + timedelta(hours=hours)
        connection.create_function("strftime", -1, lambda *_: f"{shown:%Y-%m-%d %H:%M:%S.%f}")

    archive.database.release()
    run = archive.runs.claim(archive.runs.create("cfr", {}), "me")
    assert run.heartbeat is not None
    assert abs(datetime.now(UTC) - run.heartbeat) > timedelta(hours=4)
    assert is_alive(archive, run)
    assert not is_alive(archive, archive.runs.set_state(run, RunState.STOPPED))


def test_a_run_has_one_owner_until_it_is_gone(archive: Archive) -> None:
    run = archive.runs.create("cfr", {})
    mine = Ownership(archive, run)
    mine.claim()
    with pytest.raises(ArchiveError, match="being worked on by elsewhere:1"):
        Ownership(archive, archive.runs.claim(run, "elsewhere:1", stale_after=0.0)).claim()
    # A process that has lost it is told so at the next sign of life, and can no longer end it.
    with pytest.raises(SearchError, match="taken over"):
        mine.show_life()
    mine.release(RunState.STOPPED, "interrupted")
    assert archive.runs.get(run.nickname).state is RunState.RUNNING
    # Of a process of this machine that is gone, nobody waits for the heartbeat to grow old.
    gone = ended_process()
    left = archive.runs.claim(run, gone, stale_after=0.0)
    Ownership(archive, left).claim()
    assert archive.runs.get(run.nickname).owner == process_name()
    # All others that found the same owner dead are told who has the run now.
    with pytest.raises(RunBusy, match=f"worked on by {platform.node()}:{os.getpid()};"):
        archive.runs.claim(run, "elsewhere:2", instead_of=gone)


def test_a_run_of_a_dead_process_of_this_machine_is_lost_at_once(archive: Archive) -> None:
    run = archive.runs.claim(archive.runs.create("cfr", {}), ended_process())
    assert not is_alive(archive, run)
    assert run_status(archive, run).state == "lost"
    assert is_alive(archive, archive.runs.claim(run, "elsewhere:1", stale_after=0.0))


@pytest.mark.parametrize("dead", [True, False])
def test_a_clock_that_was_set_back_keeps_no_run(archive: Archive, dead: bool) -> None:
    owner = ended_process() if dead else "elsewhere:1"
    run = archive.runs.claim(archive.runs.create("cfr", {}), owner)
    with archive.database.transaction() as connection:
        tomorrow = archive.database.now() + timedelta(days=1)
        connection.execute(update(RunRow).values(heartbeat=tomorrow))
    run = archive.runs.get(run.nickname)
    assert not is_alive(archive, run)
    Ownership(archive, run).claim()
    assert is_alive(archive, archive.runs.get(run.nickname))


def test_who_is_refused_a_run_has_changed_nothing_of_it(archive: Archive, tiny: Any) -> None:
    start_run(archive, tiny(max_evaluations=2, final_test=False), name="busy")
    run = archive.runs.claim(archive.runs.get("busy"), "elsewhere:1")
    with pytest.raises(RunBusy, match="being worked on by elsewhere:1"):
        resume_run(archive, run, changes={"max_evaluations": 9})
    assert archive.runs.get("busy") == run
    assert archive.runs.get_value(run, "changes") is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_whatever_ends_a_process_gives_its_run_up(
    archive: Archive, tiny: Any, error: type[BaseException]
) -> None:
    """It comes after the last evaluation, in the middle of storing that the run has ended."""
    ended: list[str] = []

    @event.listens_for(archive.database.engine, "before_cursor_execute")
    def _end(*words: Any) -> None:
        if words[2].startswith("UPDATE runs SET state") and RunState.FINISHED in words[3] and not ended:
            ended.append(words[2])
            raise error

    config = tiny(max_evaluations=2, final_test=False)
    if error is KeyboardInterrupt:
        assert start_run(archive, config, name="ended").interrupted
    else:
        with pytest.raises(error):
            start_run(archive, config, name="ended")
    assert ended
    run = archive.runs.get("ended")
    wanted = (
        (RunState.STOPPED, "interrupted") if error is KeyboardInterrupt else (RunState.FAILED, error.__name__)
    )
    assert (run.state, run.stop_reason, run.owner) == (*wanted, None)


@pytest.mark.parametrize("told", ["much", -1.0, 1e300, {}, []])
def test_what_a_file_tells_of_the_time_worked_is_a_time_or_nothing(archive, told):
    run = archive.runs.create("cfr", {})
    archive.runs.set_value(run, "worked", told)
    assert worked.worked(archive, run) == 0.0
    archive.runs.set_value(run, "worked", 7)
    assert worked.worked(archive, run) == 7.0
