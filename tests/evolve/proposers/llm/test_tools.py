"""The tool ``measure`` through the official libraries: turns, money, faults, interruptions and replays."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.model_faults import Numbers, check_ledger, configuration, history
from benchmarks.model_server import RULE, Call, Reply, new_rule
from nashforge.archive import CallStatus
from nashforge.evolve.config.model_names import parse_model
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.experiments import Findings, Variant
from nashforge.evolve.proposers.llm.cost_estimate import estimate_costs
from nashforge.evolve.proposers.llm.prices import Price, most_tokens
from nashforge.evolve.proposers.llm.providers import connect
from nashforge.evolve.proposers.llm.providers.base import NoTools, Prompt
from nashforge.evolve.proposers.llm.providers.turns import (
    ToolCall,
    ToolResult,
    Turn,
    most_tokens_of,
)
from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines, read_cassette, replay_values
from nashforge.evolve.proposers.llm.tools.measure import MEASURE, ToolError, experiment_of
from nashforge.evolve.runs import proposers
from nashforge.evolve.runs.preview import preview, sent
from nashforge.evolve.runs.run import resume_run, start_run

ROOT = Path(__file__).resolve().parents[4]
LABELS = {
    "anthropic": "anthropic:claude-sonnet-5",
    "google": "google:gemini-2.5-pro",
    "openai": "openai:local",
}
PROVIDERS = pytest.mark.parametrize("provider", sorted(LABELS))
PROMPT = Prompt("You design rules. " * 20, "Improve this.", tools=(MEASURE,))
THOUGHT = "The last increment should be weighed more than those before it. " * 3


def variant(power):
    return RULE.format(power=power)


def measure(*powers, **more):
    return Call("measure", {"programs": [variant(power) for power in powers], **more})


class Bench:
    """A laboratory that answers at once, with numbers that follow from the programs."""

    seconds = 1.5

    def __init__(self):
        self.done, self.begun = [], []

    def begin(self, index, experiment, current, seconds):
        self.begun.append((index, experiment, seconds))
        sources = (*experiment.variants, current)
        names = [*(f"variant {k}" for k in range(1, len(sources))), "current program"]
        curves = [{1: ((10, len(source) / 1e4),)} for source in sources]
        found = [Variant(name, curve) for name, curve in zip(names, curves, strict=True)]
        self.done.append((index, Findings(tuple(found), self.seconds)))

    def take(self):
        done, self.done = self.done, []
        return done

    def renew(self, train):
        self.train = train

    def close(self):
        pass


@pytest.fixture
def bench(monkeypatch):
    """Replace the sandbox by numbers: what is tested is the way there and back."""
    made = Bench()
    monkeypatch.setattr(proposers, "_laboratory", lambda config: lambda train: made)
    return made


@pytest.fixture
def run(archive, serve, tmp_path, bench):
    """Return a function that makes a run of one model, and returns its server and the run."""

    def make(provider, script, name="one", **options):
        server = serve(script)
        values = {"proposer": f"{LABELS[provider]}@{server.url}", "max_evaluations": 2, "lookahead": 1}
        start_run(
            archive, configuration(tmp_path, server, 1, **(values | options)), name=name, executor=Numbers()
        )
        return server, archive.runs.get(name)

    return make


def replayed(archive, name, tmp_path):
    """Return the histories of replays of a run, from the archive and from its cassette."""
    cassette = tmp_path / f"{name}.jsonl"
    cassette.write_text("".join(cassette_lines(archive, archive.runs.get(name))))
    for k, reference in enumerate((name, str(cassette))):
        again = load_config({}, base=replay_values(archive, f"replay:{reference}"))
        start_run(archive, again, name=f"{name}-{k}", executor=Numbers())
        yield history(archive, f"{name}-{k}"), archive.candidates.of(archive.runs.get(f"{name}-{k}"))


def check_replays(archive, name, tmp_path, server, *, data=True):
    """Make sure that replays are identical, what is kept with the candidates included, and ask nobody."""
    requests = server.tally.requests
    made = archive.candidates.of(archive.runs.get(name))
    for found, candidates in replayed(archive, name, tmp_path):
        assert found == history(archive, name)
        kept = [[c.data.get("experiments") for c in each] for each in (candidates, made)]
        assert kept[0] == kept[1] or not data
        assert [c.reason for c in candidates] == [c.reason for c in made]
    assert server.tally.requests == requests


def two_turns(ask):
    """Measure twice, think before each, and answer then."""
    if not ask.calling:
        return replace(new_rule(ask), thought=THOUGHT)
    return Reply("Let me see.", calls=(measure(len(ask.said) + 2.5, games=[1]),), thought=THOUGHT)


async def asked(model, prompt):
    provider = connect(model, 0)
    try:
        return await provider.ask(prompt, 4000)
    finally:
        await provider.close()


@PROVIDERS
def test_what_a_model_said_comes_back_unchanged_with_a_result_for_each_call(serve, provider):
    odd = Call("measure", {"programs": ["a\n\tb ü \u2028"], "games": None, "nested": {"x": [None, 1.5]}})
    server = serve(
        lambda ask: Reply("So.") if ask.said else Reply("Hm.", calls=(odd, measure(3)), thought=THOUGHT)
    )
    model = parse_model(f"{LABELS[provider]}@{server.url}")
    first = asyncio.run(asked(model, PROMPT))
    assert (first.status, first.text) == (CallStatus.OK, "Hm.")
    assert [call.name for call in first.calls] == ["measure", "measure"]
    assert first.calls[0].arguments == odd.arguments
    assert first.usage.thinking == server.tally.thinking > 20
    stored = json.loads(json.dumps(first.said))  # as it would be read from the archive
    results = ToolResult("0.1"), ToolResult("Error: no.", error=True)
    turn = Turn(stored, first.calls, results, first.usage.output)
    last = asyncio.run(asked(model, replace(PROMPT, turns=(turn,), calling=False)))
    assert (last.status, last.text, last.calls) == (CallStatus.OK, "So.", ())
    [told] = server.asks[1].results
    assert [(each.text, each.error) for each in told] == [("0.1", False), ("Error: no.", True)]
    assert (server.asks[0].calling, server.asks[1].calling) == (True, False)
    assert server.asks[0].tools == server.asks[1].tools == ("measure",)
    booked = [first.usage, last.usage]
    assert sum(usage.input for usage in booked) == server.tally.delivered["input"]
    assert sum(usage.cached for usage in booked) == server.tally.delivered["cached"] > 0
    assert sum(usage.cache_write for usage in booked) == server.tally.delivered["cache_write"]
    assert sum(usage.output for usage in booked) == server.tally.delivered["output"]
    # What is set aside beforehand is enough.
    most = most_tokens(PROMPT.system) + most_tokens(PROMPT.user) + most_tokens_of(PROMPT.tools)
    assert last.usage.total - last.usage.output <= most + turn.most_tokens


@PROVIDERS
def test_an_answer_that_is_cut_off_calls_nothing(serve, provider):
    server = serve(lambda ask: Reply("Hm.", "truncated", calls=(measure(3),)))
    answer = asyncio.run(asked(parse_model(f"{LABELS[provider]}@{server.url}"), PROMPT))
    assert (answer.status, answer.calls) == (CallStatus.TRUNCATED, ())


@pytest.mark.parametrize("arguments", [{"iterations": float("nan")}, {"a\ud800": 1}])
@PROVIDERS
def test_what_is_no_json_ends_no_run(run, archive, tmp_path, provider, arguments):
    def script(ask):
        return new_rule(ask) if ask.number else Reply(calls=(Call("measure", arguments),))

    server, made = run(provider, script)
    assert made.stop_reason == "max_evaluations"
    if provider == "openai":  # there arguments are a text, which may say anything
        assert archive.candidates.of(made)[1].status.value == "ok"
    check_replays(archive, "one", tmp_path, server)


@PROVIDERS
def test_a_server_that_takes_no_tools_is_told_apart(serve, provider):
    server = serve(lambda ask: Reply(fault="no_tools", message="this model does not support tools"))
    model = parse_model(f"{LABELS[provider]}@{server.url}")
    with pytest.raises(NoTools, match="does not support tools"):
        asyncio.run(asked(model, PROMPT))
    with pytest.raises(Exception, match="does not support tools") as error:
        asyncio.run(asked(model, replace(PROMPT, tools=())))
    assert not isinstance(error.value, NoTools)


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


def test_broken_json_and_a_call_that_google_could_not_read_are_told(run, archive, tmp_path):
    broken = Call("measure", '{"programs": [')
    server, _ = run("openai", lambda ask: new_rule(ask) if ask.said else Reply(calls=(broken,)))
    [[told]] = server.asks[1].results
    assert "the arguments are no JSON" in told.text
    assert server.asks[1].said[0]["tool_calls"][0]["function"]["arguments"] == "{}"
    check_replays(archive, "one", tmp_path, server)
    server, _ = run(
        "google", lambda ask: new_rule(ask) if ask.said else Reply(fault="malformed_call"), name="two"
    )
    [[told]] = server.asks[1].results
    assert "the call cannot be read" in told.text
    check_replays(archive, "two", tmp_path, server)


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


@PROVIDERS
def test_a_model_that_only_calls_tools_is_stopped_and_asked_for_a_repair(run, archive, tmp_path, provider):
    server, made = run(provider, lambda ask: Reply(calls=(Call("measure", {}),)), max_useless=1)
    candidate = archive.candidates.of(made)[1]
    assert "called the tool measure where it could only answer" in candidate.reason
    # Two measurements and two turns for faults, the answer that is none, and one repair.
    assert candidate.data["calls"] == len(archive.calls.find(run=made)) == 6
    assert [ask.calling for ask in server.asks] == [True] * 4 + [False] * 2
    check_replays(archive, "one", tmp_path, server)


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


def test_a_budget_of_money_that_ends_in_a_conversation(run, archive, tmp_path):
    def script(ask):
        return Reply(calls=(measure(2.5),), thought=THOUGHT * 400) if ask.calling else new_rule(ask)

    server, made = run("anthropic", script, budget_usd=0.42, experiments=30, experiment_seconds=1000.0)
    figures = check_ledger(archive, made, server)
    assert figures["cost"] <= 0.42
    assert archive.candidates.of(made)[1].reason == "there was no money left after an experiment"
    # What was measured last was told to nobody, so that it is nowhere.
    check_replays(archive, "one", tmp_path, server, data=False)


SCRIPT = """
import sys
from nashforge.archive import Archive
from benchmarks.model_faults import Numbers
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.runs import proposers
from nashforge.evolve.runs.run import start_run
from tests.evolve.proposers.llm.test_tools import Bench
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


def test_what_a_call_asks_for():
    base = variant(2)
    edit = "<<<<<<< SEARCH\n        return 1, t**2\n=======\n        return 1, t**3\n>>>>>>> REPLACE\n"
    call = ToolCall("", "measure", {"programs": [edit, variant(4)], "games": [1, 1], "iterations": 30})
    found = experiment_of(call, base, (), 3)
    assert "t**3" in found.variants[0]
    assert (found.games, found.iterations) == ((1,), 30)
    assert experiment_of(ToolCall("", "measure", {"programs": [edit]}), base, (), 3).iterations is None
    for arguments, why in (
        ({"programs": []}, "at least 1 item"),
        ({"programs": [variant(k) for k in range(3, 8)]}, "at most 4 items"),
        ({"programs": variant(3)}, "valid list"),
        ({"programs": [base]}, "does not change the program"),
        ({"programs": [variant(3)], "iterations": -1}, "iterations: "),
    ):
        with pytest.raises(ToolError, match=why):
            experiment_of(ToolCall("", "measure", arguments), base, (), 3)


def test_the_forecast_counts_the_turns():
    config = load_config({"proposer": "anthropic:claude-sonnet-5"})
    prices = {"anthropic:claude-sonnet-5": Price(input=2, cached=0.2, cache_write=2.5, output=10)}
    plain = estimate_costs(prices, "System.", config, 100, 0.0)
    said = estimate_costs(prices, "System.", config, 100, 0.0, 2)
    assert "about $2.99 for 100 evaluations (" in plain
    assert (
        "about $3.25 to $9.98 for 100 evaluations, from no measurement of variants before an answer" in said
    )
