"""Conversations with tools that end early: killed, broken, out of money, of processor time or of patience."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.model_faults import Numbers, check_ledger, configuration
from benchmarks.model_server import Call, Reply, new_rule
from nashforge.archive import CallStatus
from nashforge.evolve.runs.run import resume_run

from .bench import LABELS, PROVIDERS, THOUGHT, check_replays, measure, two_turns

ROOT = Path(__file__).resolve().parents[5]

SCRIPT = """
import sys
from nashforge.archive import Archive
from benchmarks.model_faults import Numbers
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.runs import proposers
from nashforge.evolve.runs.run import start_run
from tests.evolve.proposers.llm.tools.bench import Bench
proposers._laboratory = lambda config: lambda train: Bench()
with Archive.open(sys.argv[1]) as archive:
    start_run(archive, RunConfig.model_validate_json(sys.argv[2]), name="killed", executor=Numbers())
"""


@pytest.mark.slow
@PROVIDERS
@pytest.mark.parametrize("at", [2, 3])
def test_a_killed_conversation_goes_on_where_it_was(archive, serve, tmp_path, bench, provider, at):
    held = []

    def script(ask):
        if ask.number == at - 1 and not held:
            held.append(ask)
            time.sleep(600)
        return two_turns(ask)

    server = serve(script)
    options = {"proposer": f"{LABELS[provider]}@{server.url}", "max_evaluations": 3, "lookahead": 1}
    config = configuration(tmp_path, server, 1, **options, proposal_seconds=300.0)
    words = [sys.executable, "-c", SCRIPT, archive.database.url, config.model_dump_json()]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        limit = time.monotonic() + 240
        while not held and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert held
    made = archive.runs.get("killed")
    result = resume_run(archive, made, changes={"proposer": made.config["proposer"]}, executor=Numbers())
    assert result.evaluations == 3
    # The call under way is asked again, with what was measured before, and nothing is measured twice.
    assert len(bench.begun) == 4 - (at - 1)
    again = server.asks[at]
    assert (again.user, again.said, again.results) == (held[0].user, held[0].said, held[0].results)
    calls = archive.calls.find(run=made)
    assert [call.status for call in calls].count(CallStatus.LOST) == 1
    assert len(calls) == 7
    kept = [c.data["experiments"] for c in archive.candidates.of(made)[1:]]
    assert kept == [{"asked": 2, "seconds": 3.0, "turns": 2}] * 2
    check_replays(archive, "killed", tmp_path, server)


def test_a_turn_that_hangs_or_breaks_ends_as_calls_do(run, archive, tmp_path):
    for name, fault in (("one", "drop"), ("two", "truncated"), ("three", "refusal")):

        def script(ask, fault=fault):
            if not ask.said and "# What was wrong" not in ask.user and ask.calling:
                return Reply(calls=(measure(2),))
            return replace(new_rule(ask), fault=fault) if ask.said else new_rule(ask)

        server, made = run("anthropic", script, name=name, max_useless=1)
        _, candidate = archive.candidates.of(made)
        told = {"drop": "could not be read", "refusal": "the model refused"}.get(fault)
        assert told is None or told in candidate.reason
        check_ledger(archive, made, server)
        check_replays(archive, name, tmp_path, server)


def test_a_budget_of_money_that_ends_in_a_conversation(run, archive, tmp_path):
    def script(ask):
        return Reply(calls=(measure(2.5),), thought=THOUGHT * 400) if ask.calling else new_rule(ask)

    server, made = run("anthropic", script, budget_usd=0.42, experiments=30, experiment_seconds=1000.0)
    figures = check_ledger(archive, made, server)
    assert figures["cost"] <= 0.42
    assert archive.candidates.of(made)[1].reason == "there was no money left after an experiment"
    # What was measured last was told to nobody, so that it is nowhere.
    check_replays(archive, "one", tmp_path, server, data=False)


@PROVIDERS
def test_a_model_that_only_calls_tools_is_stopped_and_asked_for_a_repair(run, archive, tmp_path, provider):
    server, made = run(provider, lambda ask: Reply(calls=(Call("measure", {}),)), max_useless=1)
    candidate = archive.candidates.of(made)[1]
    assert "called the tool measure where it could only answer" in candidate.reason
    # Two measurements and two turns for faults, the answer that is none, and one repair.
    assert candidate.data["calls"] == len(archive.calls.find(run=made)) == 6
    assert [ask.calling for ask in server.asks] == [True] * 4 + [False] * 2
    check_replays(archive, "one", tmp_path, server)


@PROVIDERS
def test_when_the_processor_time_is_used_up_the_model_is_told_to_answer(run, archive, bench, provider):
    bench.seconds = 18.2

    def script(ask):
        turn = len(ask.said)
        if not ask.calling or turn > 1:
            return new_rule(ask)
        return Reply(calls=(measure(2.5),) if turn == 0 else (measure(2, 3, 4, 5),))

    server, _ = run(provider, script, experiments=9)
    [first], [second] = server.asks[-1].results
    assert "You may measure 8 times more, within 1.8 s of processor time" in first.text
    assert "1.8 s of processor time are left, too few for 4 programs beside the current one" in second.text
    bench.seconds = 40.0
    server, made = run(provider, two_turns, name="two", experiments=9)
    assert not server.asks[1].calling
    assert "There are no more measurements: answer now" in server.asks[1].results[0][0].text
    assert archive.candidates.of(made)[1].data["calls"] == 2
