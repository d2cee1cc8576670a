"""Runs whose models measure by the tool: turns, money, previews, cassettes and replays."""

from __future__ import annotations

import json

import pytest

from benchmarks.model_faults import Numbers, check_ledger, configuration
from benchmarks.model_server import Call, Reply, new_rule
from nashforge.archive import CallStatus
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.llm.cost_estimate import estimate_costs
from nashforge.evolve.proposers.llm.prices import Price
from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines, read_cassette
from nashforge.evolve.runs.preview import preview, sent
from nashforge.evolve.runs.run import resume_run, start_run

from .bench import PROVIDERS, check_replays, measure, two_turns, variant


@PROVIDERS
def test_variants_are_measured_in_turns_and_booked_to_the_token(run, archive, tmp_path, bench, provider):
    server, made = run(provider, two_turns, max_evaluations=4, reflect_every=2)
    calls = archive.calls.find(run=made)
    purposes = [call.request["purpose"] for call in calls if call.request["index"] == 1]
    assert purposes[1:] == ["experiment", "experiment"]
    assert "memo" in {call.request["purpose"] for call in calls}
    first, second, third = server.asks[:3]
    assert "you may call the tool `measure`, 2 times" in first.user
    assert [ask.user for ask in (second, third)] == [first.user, first.user]
    [[one], [two]] = third.results
    assert "- variant 1, game 1: 10: " in one.text
    assert "You may measure 1 time more, within 18.5 s of processor time" in one.text
    assert two.text.endswith("There are no more measurements: answer now, in the form that was asked for.")
    assert (first.calling, second.calling, third.calling) == (True, True, False)
    # The tools are before all that is cached, so that they are in all prompts, and one prefix serves all.
    assert {ask.tools for ask in server.asks} == {("measure",)}
    assert [experiment.games for _, experiment, _ in bench.begun[:2]] == [(1,), (1,)]
    assert bench.begun[1][2] == bench.begun[0][2] - bench.seconds
    check_ledger(archive, made, server) if provider != "openai" else None
    assert sum(call.output_tokens for call in calls) == server.tally.delivered["output"]
    assert sum(call.cached_tokens for call in calls) == server.tally.delivered["cached"] > 0
    thought = [call.response["thinking_tokens"] for call in calls]
    assert sum(thought) == server.tally.thinking > 0
    assert archive.candidates.of(made)[1].data["experiments"] == {"asked": 2, "seconds": 3.0, "turns": 2}
    check_replays(archive, "one", tmp_path, server)


@PROVIDERS
def test_bad_calls_are_answered_with_what_to_do(run, archive, tmp_path, bench, provider):
    def script(ask):
        wrong = {
            0: (Call("shell", {"command": "ls"}), Call("measure", {"program": "x", "games": ["all"]})),
            1: (measure(2, games=[99]), Call("measure", {"programs": ["not python ("]})),
            2: (measure(2), measure(3), measure(4)),
        }
        turn = len(ask.said)
        return Reply(calls=wrong[turn]) if turn in wrong and ask.calling else new_rule(ask)

    server, made = run(provider, script)
    last = server.asks[-1]
    (shell, names), (games, source), (good, better, over) = last.results
    assert "there is no tool 'shell', only measure; call measure with programs" in shell.text
    assert "programs: field required" in names.text
    assert "program: extra inputs are not permitted" in names.text
    assert "there is no training game 99; they are numbered from 1 to 1" in games.text
    assert "program 1 cannot be measured: " in source.text
    assert "You may measure 2 times more" in source.text
    assert "not measured: there are no more measurements" in over.text
    errors = [each.error for each in (shell, names, games, source, good, better, over)]
    assert errors == [True, True, True, True, False, False, True]
    assert len(bench.begun) == 2
    assert archive.candidates.of(made)[1].status.value == "ok"
    check_replays(archive, "one", tmp_path, server)


def test_a_model_without_tools_is_asked_in_words(run, archive, tmp_path, bench):
    def script(ask):
        if ask.tools:
            return Reply(fault="no_tools", message="tools are not supported by this model")
        if "# What was measured for you" in ask.user:
            return new_rule(ask)
        return Reply(f"Measure: games 1; iterations 12\n\n```python\n{variant(7)}```\n")

    server, made = run("openai", script, max_evaluations=3, experiments=1)
    assert [ask.tools for ask in server.asks] == [("measure",), (), (), (), ()]
    assert "Measure: games 1, 3" in server.asks[1].user
    assert len(bench.begun) == 2
    calls = archive.calls.find(run=made)
    assert [call.cost for call in calls if call.status is CallStatus.ERROR] == [0.0]
    check_replays(archive, "one", tmp_path, server)


def test_the_setting_turns_tools_off(run):
    server, _ = run("anthropic", new_rule, tools=False)
    assert {ask.tools for ask in server.asks} == {()}
    assert "`Idea:`" in server.asks[0].user
    server, _ = run("anthropic", new_rule, name="two", experiments=0)
    assert {ask.tools for ask in server.asks} == {()}


@pytest.mark.slow
def test_the_sandbox_measures_what_a_model_calls_for(archive, serve, tmp_path):
    server = serve(lambda ask: Reply(calls=(measure(2.5, iterations=12),)) if ask.calling else new_rule(ask))
    config = configuration(tmp_path, server, 1, max_evaluations=3, lookahead=1, experiments=1)
    start_run(archive, config, name="one", executor=Numbers())
    [[told]] = server.asks[1].results
    [line] = [line for line in told.text.splitlines() if line.startswith("- variant 1, game 1:")]
    assert ", 12: " in line
    assert "- current program, game 1: 1:" in told.text
    made = archive.runs.get("one")
    check_ledger(archive, made, server)
    assert all(c.data["experiments"]["seconds"] > 0 for c in archive.candidates.of(made)[1:])
    check_replays(archive, "one", tmp_path, server)


def test_a_preview_shows_the_tool_and_what_it_returned(run, archive):
    server, made = run("anthropic", two_turns)
    shown = preview(archive, made)
    assert [tool.name for tool in shown.prompt.tools] == ["measure"]
    assert "you may call the tool `measure`" in shown.prompt.user
    before = len(server.asks)
    again = {"max_evaluations": 3, "proposer": made.config["proposer"]}
    resume_run(archive, made, changes=again, executor=Numbers())
    assert server.asks[before].user == shown.prompt.user
    first, second = archive.calls.find(run=made)[:2]
    assert sent(archive, made, first).prompt.user == server.asks[0].user
    assert server.asks[1].results[0][0].text in sent(archive, made, second).prompt.user


def test_a_cassette_of_tools_says_so_and_holds_no_thoughts(run, archive, tmp_path):
    run("anthropic", two_turns)
    lines = list(cassette_lines(archive, archive.runs.get("one")))
    assert json.loads(lines[0])["nashforge_cassette"] == 2
    assert "signature" not in "".join(lines)
    path = tmp_path / "tape.jsonl"
    path.write_text("".join(lines))
    assert len(read_cassette(path)) == 3


def test_the_forecast_counts_the_turns():
    config = load_config({"proposer": "anthropic:claude-sonnet-5"})
    prices = {"anthropic:claude-sonnet-5": Price(input=2, cached=0.2, cache_write=2.5, output=10)}
    plain = estimate_costs(prices, "System.", config, 100, 0.0)
    said = estimate_costs(prices, "System.", config, 100, 0.0, 2)
    assert "about $2.99 for 100 evaluations (" in plain
    assert (
        "about $3.25 to $9.98 for 100 evaluations, from no measurement of variants before an answer" in said
    )
