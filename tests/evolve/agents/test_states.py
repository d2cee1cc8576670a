"""What is told of a run: finished, or interrupted; taken, or not; busy; how long it takes."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import update
from starlette.testclient import TestClient

from nashforge.archive import Archive, DatabaseBusy, Run, RunState, Status
from nashforge.archive.agents import RequestState
from nashforge.archive.storage.models import AgentRequestRow, CandidateRow
from nashforge.cli.rendering.records import run_status_as_dict
from nashforge.cli.rendering.runs.summary import print_standing
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.busy import when_free
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.http import server as serving
from nashforge.evolve.agents.http.client import RemoteCore
from nashforge.evolve.agents.http.server import application
from nashforge.evolve.agents.pace import queue_of
from nashforge.evolve.agents.texts import asked_text, told_text
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.results.run_status import run_status

from .conftest import rule
from .test_reading import seeded, wanted

SECRET = "a-secret-of-the-tests"
ANN = Who("ann", "c")


@pytest.fixture
def run(archive: Archive, tiny: Callable[..., Any]) -> Run:
    """Return a run for agents that a process works on, and that waits for one program."""
    config = tiny(proposer="agent", final_test=False).model_dump(mode="json")
    made = archive.runs.create("cfr", seed=1, config=config, nickname="agents")
    claimed = archive.runs.claim(made, "somebody")
    wanted(archive, claimed, seeded(archive, claimed), 1)
    return claimed


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (RunState.STOPPED, "interrupted", "it was interrupted"),
        (RunState.STOPPED, "stopped", "somebody has stopped it"),
        (RunState.STOPPED, "its process died", "its process died"),
        (RunState.FAILED, "the disk is full", "an error ended it: the disk is full"),
        (RunState.FINISHED, "outage of anthropic", "outage of anthropic"),
    ],
)
def test_a_run_that_can_be_resumed_is_interrupted_and_not_finished(
    archive: Archive, run: Run, state: RunState, reason: str, said: str
) -> None:
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    archive.runs.set_state(run, state, reason)
    asked = core.ask("agents", wait=600)
    assert (asked.state, asked.interrupted, asked.stop_reason) == ("interrupted", said, None)
    assert (asked.retry_seconds, asked.budget.ended) == (None, False)
    text = asked_text(asked)
    assert f"the run is not finished, but nobody works on it ({said})" in text
    assert "`nashforge resume agents` continues it" in text
    assert "what you hold stays yours" in text
    told = core.tell(task.token, rule("dcfr"), wait=0)
    assert (told.status, told.taken) == ("stored", True)
    assert f"nobody works on the run ({said}): it is evaluated when `nashforge resume agents`" in told.message


def test_what_an_interrupted_run_had_asked_for_may_be_written_and_that_is_said(
    archive: Archive, run: Run
) -> None:
    archive.runs.set_state(run, RunState.STOPPED, "interrupted")
    asked = LocalCore(archive, ANN).ask("agents")
    assert (asked.state, asked.interrupted, len(asked.tasks)) == ("tasks", "it was interrupted", 1)
    assert "what is told is kept, and evaluated when `nashforge resume agents` continues it" in asked.message


def test_a_finished_run_gives_no_task_out_and_says_what_becomes_of_what_is_told(
    archive: Archive, run: Run
) -> None:
    wanted(archive, run, archive.candidates.of(run)[0], 2)
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    archive.runs.set_state(run, RunState.FINISHED, "patience")
    asked = core.ask("agents", wait=600)
    assert (asked.tasks, asked.state, asked.stop_reason) == ([], "finished", "patience")
    assert (asked.interrupted, asked.retry_seconds) == (None, None)
    assert archive.requests.counts(run)[RequestState.WAITING] == 1, "nobody holds what nobody wants"
    told = core.tell(task.token, rule("dcfr"), wait=0)
    assert told.status == "stored"
    assert "the run has finished (nothing better for long): it is evaluated only if" in told.message


def test_a_paused_run_says_so_and_that_it_is_worth_asking_again(archive: Archive, run: Run) -> None:
    archive.runs.request_pause(run)
    asked = LocalCore(archive, ANN).ask("agents")
    assert (asked.tasks, asked.state, asked.stop_reason, asked.interrupted) == ([], "paused", None, None)
    assert asked.retry_seconds is not None
    assert "goes on where it is after `nashforge resume agents`" in asked.message


def test_whoever_tells_a_second_program_by_a_token_hears_that_it_was_not_taken(
    archive: Archive, run: Run
) -> None:
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    first, same, other, asked = (
        core.tell(task.token, text, wait=0) for text in (rule("dcfr"), rule("dcfr"), rule("lcfr"), None)
    )
    assert [one.taken for one in (first, same, other, asked)] == [True, True, False, None]
    assert told_text(other).startswith("NOT TAKEN: the program given now was not taken")
    assert "NOT TAKEN" not in told_text(same)
    assert "dcfr" not in str(other.program)
    row = archive.requests.get(task.token)
    assert row.answer is not None
    assert "class DiscountedCFR" in row.answer["text"] or "DCFR" in row.answer["text"]


def test_what_cannot_be_read_was_not_taken(archive: Archive, run: Run) -> None:
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    told = core.tell(task.token, "no program", wait=0)
    assert (told.status, told.taken) == ("unreadable", False)


def test_what_others_have_locked_is_tried_again_until_a_deadline() -> None:
    tries = iter([DatabaseBusy("locked"), DatabaseBusy("locked"), None])

    def work() -> str:
        if (error := next(tries)) is not None:
            raise error
        return "done"

    assert when_free(work) == "done"

    def never() -> str:
        raise DatabaseBusy("locked")

    with pytest.raises(DatabaseBusy):
        when_free(never, 0.0)


@contextmanager
def locked(archive: Archive) -> Iterator[None]:
    """Hold the lock of writers, as another process would."""
    other = sqlite3.connect(str(archive.database.location), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_server_that_has_no_time_says_when_to_ask_again(
    archive: Archive, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "BUSY_SECONDS", 0.0)
    place = Path(str(archive.database.location))
    with Archive.open(place, busy_timeout=0.05) as impatient:
        client = TestClient(application(impatient, run, SECRET))
        client.headers["authorization"] = f"Bearer {SECRET}"
        said = {"author": "ann", "client": "c"}
        with locked(archive):
            for verb, more in (("ask", {}), ("notes", {"add": "a thought"})):
                answer = client.post(f"/v1/{verb}", json=said | more)
                assert answer.status_code == 503, verb
                assert answer.headers["retry-after"] == "2"
                assert "nothing was done, ask again in 2 s" in answer.json()["error"]
        assert archive.notes.of(run) == []
        assert len(client.post("/v1/ask", json=said).json()["tasks"]) == 1


def test_a_client_asks_a_busy_server_again(httpserver: Any) -> None:
    from werkzeug import Response

    answers = [
        Response('{"error": "busy"}', status=503, headers={"retry-after": "0"}),
        Response('{"error": "busy"}', status=503),
        Response('{"run": "agents", "notes": []}', status=200),
    ]
    httpserver.expect_request("/v1/notes").respond_with_handler(lambda _: answers.pop(0))
    core = RemoteCore(httpserver.url_for(""), SECRET, ANN)
    try:
        assert core.notes("agents").run == "agents"
    finally:
        core.close()
    assert answers == []


def test_the_waiting_time_is_told_by_the_clock_between_outcomes(archive: Archive, run: Run) -> None:
    """What was measured took no time at all; between two outcomes, there is some."""
    core, seed = LocalCore(archive, ANN), archive.candidates.of(run)[0]
    for index in range(2, 8):
        wanted(archive, run, seed, index)
    tasks, names = core.ask("agents", count=7).tasks, ("dcfr", "lcfr", "cfr", "pcfr_plus", "dcfr_plus")
    for task, name in zip(tasks, names, strict=False):
        core.tell(task.token, rule(name), wait=0)
    told = archive.database.now()
    for task, name, seconds in zip(tasks, names, (40, 100, 200), strict=False):
        candidate = archive.requests.get(task.token).candidate_id
        archive.candidates.set_program(candidate, archive.programs.add(rule(name), "cfr"))
        archive.candidates.finish(candidate, Status.OK, train=0.5)
        outcome = update(CandidateRow).where(CandidateRow.id == candidate)
        answer = update(AgentRequestRow).where(AgentRequestRow.token == task.token)
        with archive.database.transaction() as connection:
            connection.execute(outcome.values(finished=told + timedelta(seconds=seconds)))
            connection.execute(answer.values(finished=told))
    with archive.database.transaction() as connection:  # the seed was measured elsewhere
        connection.execute(update(CandidateRow).where(CandidateRow.id == seed.id).values(imported=told))
    queue = queue_of(Desk(archive, archive.runs.get(run)))
    assert (queue.programs, queue.workers) == (2, 1)
    assert queue.seconds_each == pytest.approx((40 + 60 + 100) / 3, abs=0.01)
    assert (queue.seconds_low, queue.seconds_high) == (80.0, 200.0)
    assert queue.seconds == pytest.approx(2 * 200 / 3, abs=0.1)
    assert queue.words.endswith("by what programs took lately, all are done in about 80 to 200 s")


def test_how_long_evaluations_take_is_told_while_somebody_works_on_the_run(
    archive: Archive, run: Run
) -> None:
    wanted(archive, run, archive.candidates.of(run)[0], 2)
    core = LocalCore(archive, ANN)
    core.tell(core.ask("agents").tasks[0].token, rule("dcfr"), wait=0)
    asked = core.ask("agents")
    assert "Evaluation: " in asked_text(asked)
    assert "1 program waits or is evaluated now" in asked_text(asked)
    interrupted = asked.model_copy(update={"interrupted": "its process has died"})
    assert "Evaluation: " not in asked_text(interrupted)


def test_status_tells_that_a_run_waits_for_agents(archive: Archive, run: Run) -> None:
    def told() -> str:
        screen = Console(width=200, file=io.StringIO())
        print_standing(screen, run_status(archive, archive.runs.get(run.id)), [], [])
        assert isinstance(screen.file, io.StringIO)
        return screen.file.getvalue()

    def data() -> Any:
        return run_status_as_dict(run_status(archive, archive.runs.get(run.id)))["agents"]

    wanted(archive, run, archive.candidates.of(run)[0], 2)
    assert "waiting for agents: 2 tasks open, 0 held, none was taken yet; nashforge ask agents\n" in told()
    core = LocalCore(archive, ANN)
    [task] = core.ask("agents").tasks
    assert "\nagents: 1 task open, 1 held, the last was taken " in told()
    assert data()["claimed"] is not None
    core.give_up(task.token)
    assert "waiting for agents: 2 tasks open, 0 held, the last was taken " in told()
    archive.runs.set_state(run, RunState.FINISHED, "patience")
    assert data() is None
