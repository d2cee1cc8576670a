"""Whole runs with models: faults, repairs, keys, interruption; against a server that counts too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.model_faults import Numbers, check_ledger, configuration
from benchmarks.model_server import Reply, new_rule
from nashforge.archive import CallStatus, RunState, Status
from nashforge.errors import NashforgeError
from nashforge.evolve.executors.dispatcher import SearchError
from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines
from nashforge.evolve.runs.run import resume_run, start_run

from .notes import Notes

ROOT = Path(__file__).resolve().parents[4]


def test_a_run_with_models_in_the_sandbox_overlaps_and_names_who_wrote_what(archive, serve, tiny):
    server = serve(new_rule)
    models = f"anthropic:claude-sonnet-5@{server.url},google:gemini-2.5-pro@{server.url}"
    config = tiny(proposer=models, max_evaluations=7, lookahead=4, final_test=False)
    listener = Notes()
    result = start_run(archive, config, name="live", listener=listener)
    assert (result.evaluations, result.stop_reason) == (7, "max_evaluations")
    made = archive.candidates.of(archive.runs.get("live"))[1:]
    assert {c.proposer for c in made} == {"anthropic:claude-sonnet-5", "google:gemini-2.5-pro"}
    assert all(c.status is Status.OK for c in made)
    assert all(c.note == "Weigh iterations by another power." for c in made)
    assert all(c.data["cost"] > 0 for c in made)
    [told] = [note for note in listener.notes if "evaluations" in note]
    assert "at most $5.00 are spent" in told
    assert listener.ledgers[-1].cost == pytest.approx(
        archive.calls.spending(archive.runs.get("live"))[""].cost
    )
    assert set(archive.runs.get_value(archive.runs.get("live"), "bandit")) == {c.proposer for c in made}
    check_ledger(archive, archive.runs.get("live"), server)
    system, user = server.asks[0].system, server.asks[0].user
    assert system.index("# Role") < system.index("# Interface") < system.index("# Task")
    assert "# The current program" in user
    assert len({ask.system for ask in server.asks}) == 1


def test_an_edit_that_fails_is_shown_to_the_model_and_repaired(run, archive):
    def script(ask):
        if "An answer to this task could not be used" in ask.user:
            return new_rule(ask)
        return Reply("<<<<<<< SEARCH\nnot in the program\n=======\nx\n>>>>>>> REPLACE")

    result, made, server = run(script, max_evaluations=3, lookahead=1)
    assert result.evaluations == 3
    repaired = next(ask for ask in server.asks if "could not be used" in ask.user)
    assert "occurs nowhere in the program" in repaired.user
    assert "<<<<<<< SEARCH\nnot in the program" in repaired.user
    candidates = archive.candidates.of(made)[1:]
    assert all(c.data["calls"] == 2 for c in candidates if c.status is Status.OK)
    assert all("occurs nowhere" in c.data["remarks"][0] for c in candidates)


def test_a_program_that_crashes_comes_back_for_repair_with_its_error(archive, serve, tiny):
    def script(ask):
        reply = new_rule(ask)
        if "failed when it was run" in ask.user:
            return reply
        return Reply(reply.text.replace("return self.infosets", "return 1 / 0 + self.infosets"))

    server = serve(script)
    config = tiny(
        proposer=f"anthropic:claude-sonnet-5@{server.url}",
        max_evaluations=5,
        lookahead=1,
        islands=1,
        final_test=False,
    )
    start_run(archive, config, name="mended")
    candidates = archive.candidates.of(archive.runs.get("mended"))
    assert [c.operator == "repair" for c in candidates[1:]] == [False, True, False, True]
    assert [c.status for c in candidates] == [Status.OK, Status.CRASHED, Status.OK, Status.CRASHED, Status.OK]
    user = server.asks[1].user
    assert "ZeroDivisionError" in user
    assert "in policy: return 1 / 0" in user


def test_what_comes_to_nothing_is_no_evaluation_and_the_next_prompt_says_why(run, archive):
    result, made, server = run(
        lambda ask: new_rule(ask) if ask.number > 3 else Reply("I am sorry, no.", "refusal"),
        max_evaluations=4,
        lookahead=1,
    )
    assert result.evaluations == 4
    assert result.failures["rejected"] == 4
    rejected = [c for c in archive.candidates.of(made) if c.status is Status.REJECTED]
    assert all("declined" in c.reason and c.program is None for c in rejected)
    assert all("declined to answer" in ask.user for ask in server.asks[1:5])


def test_a_model_that_refuses_the_key_ends_the_run_at_once_without_telling_it(
    run, archive, monkeypatch, tmp_path
):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-of-mine-42")
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-secret-of-mine-43")

    def script(ask):
        return Reply(fault="forbidden")

    with pytest.raises(SearchError, match="refuses all requests"):
        run(script)
    assert archive.runs.get("one").state is RunState.FAILED
    assert "secret-of-mine" not in "".join(cassette_lines(archive, archive.runs.get("one")))
    archive.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("llm.db*"))
    assert b"secret-of-mine" not in stored


def test_keys_are_neither_stored_nor_exported_nor_logged(run, archive, monkeypatch, tmp_path, caplog, capfd):
    caplog.set_level(0)
    keys = {
        "ANTHROPIC_API_KEY": "sk-ant-secret-of-mine-44",
        "GOOGLE_API_KEY": "AIzaSecretOfMine-45-0123456789",
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)

    def script(ask):
        # A gateway that repeats the key in its answer.
        return Reply(new_rule(ask).text + f"\nYou sent {json.dumps(ask.headers)}.")

    _, made, server = run(script)
    sent = json.dumps([ask.headers for ask in server.asks])
    assert all(key in sent for key in keys.values())
    cassette = "".join(cassette_lines(archive, made))
    archive.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("llm.db*"))
    printed = caplog.text + "".join(capfd.readouterr())
    for key in keys.values():
        assert key.encode() not in stored
        assert key not in cassette
        assert key not in printed


def test_without_a_key_or_a_price_nothing_starts(archive, tmp_path, serve):
    config = configuration(tmp_path, serve(new_rule), 1)
    for proposer, sentence in (
        ("anthropic:claude-sonnet-5", "needs a key: set ANTHROPIC_API_KEY"),
        ("google:gemini-2.5-pro", "needs a key: set GOOGLE_API_KEY"),
        ("anthropic:my-own@http://127.0.0.1:1", "price of anthropic:my-own is not known"),
        ("openai:gpt", "price of openai:gpt is not known"),
        ("offline,google:gemini-2.5-pro", "needs a key"),
        ("google:gemini-2.5-pro,google:gemini-2.5-pro@http://h", "not all different"),
    ):
        with pytest.raises(NashforgeError, match=sentence):
            start_run(archive, config.changed(proposer=proposer), executor=Numbers())
    assert archive.runs.newest() == []


SCRIPT = """
import sys
from nashforge.archive import Archive
from benchmarks.model_faults import Numbers
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.runs.run import start_run
with Archive.open(sys.argv[1]) as archive:
    start_run(archive, RunConfig.model_validate_json(sys.argv[2]), name="killed", executor=Numbers())
"""


def test_a_killed_run_pays_for_no_answer_twice(archive, serve, tmp_path):
    def script(ask):
        time.sleep(0.05)
        return new_rule(ask)

    server = serve(script)
    config = configuration(tmp_path, server, 1, max_evaluations=25, lookahead=4)
    words = [sys.executable, "-c", SCRIPT, archive.database.url, config.model_dump_json()]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        limit = time.monotonic() + 240
        while server.tally.requests < 12 and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    made = archive.runs.get("killed")
    settled = [c.token for c in archive.calls.find(run=made) if c.status is CallStatus.OK]
    assert settled
    before = server.tally.requests
    result = resume_run(archive, made, changes={"proposer": made.config["proposer"]}, executor=Numbers())
    assert result.evaluations == 25
    calls = archive.calls.find(run=made)
    lost = [c for c in calls if c.status is CallStatus.LOST]
    # Everything the server was asked is in the ledger, and only what was under way was asked again.
    assert server.tally.requests <= len(calls) <= server.tally.requests + len(lost)
    assert len(lost) <= 4
    asked = [json.dumps([ask.user, ask.model]) for ask in server.asks[:before]]
    again = [json.dumps([ask.user, ask.model]) for ask in server.asks[before:]]
    assert sum(text in asked for text in again) <= len(lost)
    answered = [c for c in calls if c.status is CallStatus.OK]
    assert {c.token for c in answered} >= set(settled)
    programs = [c.candidate_id for c in answered if not c.request.get("purpose")]
    assert len({*programs}) == len(programs)
    assert all(c.cost == c.reserved_cost for c in lost)


def test_each_model_may_have_its_island(run, archive):
    _, made, _ = run(new_rule, max_evaluations=14, model_islands=True, verify=2)
    candidates = archive.candidates.of(made)[1:]
    islands = {c.proposer: {d.island for d in candidates if d.proposer == c.proposer} for c in candidates}
    assert sorted(map(sorted, islands.values())) == [[0], [1]]
