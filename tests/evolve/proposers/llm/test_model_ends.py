"""What ends a run with models: answers of no use, a budget, an outage; and what it can be resumed from."""

from __future__ import annotations

import threading
import time

import pytest

from benchmarks.model_faults import Numbers, check_ledger
from benchmarks.model_server import Reply, new_rule
from nashforge.archive import RunState, Status
from nashforge.evolve.proposers.llm import circuit_breaker
from nashforge.evolve.proposers.outages import keep_outages, outages_of
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.run import resume_run

from .notes import Notes


def proposals(archive, made):
    return len(archive.candidates.of(made)) - 1


@pytest.mark.parametrize(
    ("reply", "quoted"),
    [
        (
            Reply("I would rather talk about the weather."),
            "neither SEARCH/REPLACE blocks nor a whole program",
        ),
        (Reply("x", "refusal"), "declined"),
        (Reply("", "empty"), "empty"),
        (Reply("<think>but I never answer"), "nothing but reasoning"),
    ],
    ids=["prose", "refusal", "empty", "reasoning"],
)
def test_a_model_of_no_use_ends_the_run_with_a_reason(run, archive, reply, quoted):
    limits = {"max_evaluations": 6, "max_useless": 7, "repairs": 0, "lookahead": 3}
    result, made, server = run(lambda ask: reply, **limits)
    assert result.stop_reason.startswith(
        "useless: 7 proposals in a row came to nothing, the last one because:"
    )
    assert quoted in result.stop_reason
    assert "--max-useless" in result.stop_reason
    assert made.state is RunState.FINISHED
    assert made.stop_reason == result.stop_reason
    # What was under way already was paid for, and was waited for.
    assert 7 <= proposals(archive, made) <= 7 + 3
    assert server.tally.requests == proposals(archive, made)
    check_ledger(archive, made, server)
    # A resumed run has not forgotten: nothing more is paid for, unless the limit is raised.
    named = {"proposer": made.config["proposer"]}
    again = resume_run(archive, made, changes=named, executor=Numbers())
    assert again.stop_reason.startswith("useless: ")
    assert server.tally.requests == proposals(archive, made)
    raised = resume_run(archive, made, changes=named | {"max_useless": 15}, executor=Numbers())
    assert raised.stop_reason.startswith("useless: 15 ")
    assert 15 <= proposals(archive, made) <= 15 + 3


def test_a_model_that_is_of_use_now_and_then_goes_on(run, archive):
    asked = []

    def script(ask):
        asked.append(ask)
        return new_rule(ask) if len(asked) % 4 == 0 else Reply("No idea.")

    limits = {"max_evaluations": 6, "max_useless": 4, "repairs": 0, "lookahead": 1, "reflect_every": 0}
    result, made, _ = run(script, **limits)
    assert result.stop_reason == "max_evaluations"
    assert proposals(archive, made) == 20


def test_repetitions_are_of_no_use_either(run, archive):
    first = []

    def script(ask):
        first.append(new_rule(ask))
        return first[0]

    limits = {"max_evaluations": 6, "max_useless": 5, "repairs": 0, "lookahead": 1}
    result, made, _ = run(script, **limits)
    assert result.stop_reason.startswith("useless: 5 ")
    assert proposals(archive, made) == 6


def test_the_budget_ends_a_run_by_name_and_is_never_exceeded(run, archive):
    result, made, server = run(new_rule, max_evaluations=500, budget_usd=0.2)
    assert result.stop_reason == "max_cost"
    assert 1 < result.evaluations < 500
    assert 0.05 < archive.calls.spending(made)[""].cost <= 0.2
    tokens, made, server = run(new_rule, name="two", max_evaluations=500, max_tokens=60_000)
    assert tokens.stop_reason == "max_tokens"
    assert sum(server.tally.delivered.values()) <= 60_000
    none, _, server = run(new_rule, name="three", budget_usd=0.001)
    assert (none.stop_reason, none.evaluations, server.tally.requests) == ("max_cost", 1, 0)


def test_a_run_tells_others_what_it_waits_for_and_since_when(run, archive, monkeypatch):
    monkeypatch.setattr(circuit_breaker.CircuitBreaker.__init__, "__defaults__", (time.monotonic, 0.2))
    down, seen = [True], []

    class Looking(Notes):
        def snapshot(self, snapshot):
            now = run_status(archive, archive.runs.get("one"))
            seen.extend(now.outages)
            if now.outages:
                down[0] = False

    def script(ask):
        return Reply(fault="unavailable", retry_after=0.01) if down[0] else new_rule(ask)

    result, made, _ = run(script, max_evaluations=3, retries=0, listener=Looking())
    assert result.evaluations == 3
    assert seen
    assert {one.model for one in seen} <= {"anthropic:claude-sonnet-5", "google:gemini-2.5-pro"}
    assert "scripted" in seen[0].reason
    assert made.created <= seen[0].since <= made.finished
    assert outages_of(archive, made) == ()


def test_what_an_earlier_process_waited_for_is_not_told(archive):
    run = archive.runs.claim(archive.runs.create("cfr", {}, seed=0), "one")
    keep_outages(archive, run, [("anthropic:m", "gone", 3.0)])
    [kept] = outages_of(archive, run)
    assert (kept.model, kept.reason) == ("anthropic:m", "gone")
    archive.runs.set_state(run, RunState.STOPPED, "interrupted")
    run = archive.runs.claim(run, "two")
    assert outages_of(archive, run) == ()


def test_a_run_whose_starts_use_its_budget_up_says_so(run):
    listener = Notes()
    result, _, server = run(new_rule, max_evaluations=1, listener=listener)
    assert (result.evaluations, server.tally.requests) == (1, 0)
    assert any("use up its evaluations (1): nothing new is asked for" in note for note in listener.notes)
    listener = Notes()
    run(new_rule, name="two", max_evaluations=2, listener=listener)
    assert not any("use up its evaluations" in note for note in listener.notes)


def test_what_waits_to_be_told_is_counted_as_the_status_counts_it(run, archive):
    """The first answer waits until a later program was measured and shown."""
    shown, counts, splits = threading.Event(), [], []

    class Counting(Notes):
        def snapshot(self, snapshot):
            now = run_status(archive, archive.runs.get("one"))
            if snapshot.best is not None and snapshot.best.id == now.result.best.id:
                assert snapshot.standing == now.standing
                splits.append(len(now.standing.ratios))
            counts.append((snapshot.evaluations, now.result.evaluations))
            if now.result.evaluations > 1:
                shown.set()

    def script(ask):
        if ask.number == 1:
            assert shown.wait(240)
        return new_rule(ask)

    result, _, _ = run(
        script,
        max_evaluations=4,
        lookahead=3,
        listener=Counting(),
        fitness={"kind": "log_ratio", "reference": "dcfr"},
    )
    assert result.evaluations == 4
    assert all(told == stored for told, stored in counts)
    assert max(splits) == 2, "of training and of validation"
    assert any(1 < told < 4 for told, _ in counts)


def test_an_outage_pauses_the_run_and_ends_with_the_same_count(run, archive, monkeypatch):
    monkeypatch.setattr(circuit_breaker.CircuitBreaker.__init__, "__defaults__", (time.monotonic, 0.2))
    down = {"until": None}

    def script(ask):
        if ask.number == 3:
            down["until"] = time.monotonic() + 1.0
        if down["until"] is not None and time.monotonic() < down["until"]:
            return Reply(fault="overloaded", retry_after=0.01)
        return new_rule(ask)

    listener = Notes()
    result, made, server = run(script, max_evaluations=10, retries=0, listener=listener)
    assert (result.evaluations, result.stop_reason) == (10, "max_evaluations")
    assert any("is not available" in note for note in listener.notes)
    assert any("available again" in note for note in listener.notes)
    assert not any(c.status is Status.CANCELLED for c in archive.candidates.of(made))
    # Proposals waited for it, instead of being thrown away and asked for anew.
    assert server.tally.faults["overloaded"] < 20
    check_ledger(archive, made, server)


def test_an_outage_without_end_stops_the_run_which_can_be_resumed(run, archive, monkeypatch):
    monkeypatch.setattr(circuit_breaker.CircuitBreaker.__init__, "__defaults__", (time.monotonic, 0.1))
    down = [True]

    def script(ask):
        return Reply(fault="unavailable", retry_after=0.01) if down[0] and ask.number > 2 else new_rule(ask)

    result, made, _ = run(script, retries=0, outage_minutes=0.005)
    assert result.stop_reason.startswith("outage: scripted")
    assert result.evaluations < 8
    assert archive.candidates.counts(made)[Status.PROPOSING] > 0
    down[0] = False
    result = resume_run(archive, made, changes={"proposer": made.config["proposer"]}, executor=Numbers())
    assert (result.evaluations, result.stop_reason) == (8, "max_evaluations")
    assert Status.PROPOSING not in archive.candidates.counts(made)
