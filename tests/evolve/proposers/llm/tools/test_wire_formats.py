"""The tool ``measure`` in the protocols of the providers: what is said, called, and cannot be read."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from benchmarks.model_server import Call, Reply, new_rule
from nashforge.archive import CallStatus
from nashforge.evolve.config.model_names import parse_model
from nashforge.evolve.proposers.llm.prices import most_tokens
from nashforge.evolve.proposers.llm.providers import connect
from nashforge.evolve.proposers.llm.providers.base import NoTools, Prompt
from nashforge.evolve.proposers.llm.providers.turns import (
    ToolCall,
    ToolResult,
    Turn,
    most_tokens_of,
)
from nashforge.evolve.proposers.llm.tools.measure import MEASURE, ToolError, experiment_of

from .bench import LABELS, PROVIDERS, THOUGHT, check_replays, measure, variant

PROMPT = Prompt("You design rules. " * 20, "Improve this.", tools=(MEASURE,))


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


@PROVIDERS
def test_a_server_that_takes_no_tools_is_told_apart(serve, provider):
    server = serve(lambda ask: Reply(fault="no_tools", message="this model does not support tools"))
    model = parse_model(f"{LABELS[provider]}@{server.url}")
    with pytest.raises(NoTools, match="does not support tools"):
        asyncio.run(asked(model, PROMPT))
    with pytest.raises(Exception, match="does not support tools") as error:
        asyncio.run(asked(model, replace(PROMPT, tools=())))
    assert not isinstance(error.value, NoTools)


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
