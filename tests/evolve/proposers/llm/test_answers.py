"""What servers send that is no answer as documented: bounded, kept where it is whole, told in a sentence."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import warnings
from typing import Any

import pytest
from werkzeug import Request, Response

from nashforge.archive import CallStatus
from nashforge.evolve.config.model_names import parse_model
from nashforge.evolve.proposers.llm.calls import Calls
from nashforge.evolve.proposers.llm.prices import Price
from nashforge.evolve.proposers.llm.providers import connect, wire
from nashforge.evolve.proposers.llm.providers.base import MAX_RAW, Prompt, Refused, Unavailable, Uncertain
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY

LABELS = {"anthropic": "anthropic:claude-test", "google": "google:gemini-test", "openai": "openai:gpt-test"}
PROVIDERS = pytest.mark.parametrize("provider", sorted(LABELS))
PROMPT = Prompt("You design rules.", "Improve this.")
PRICE = Price(input=2.0, cached=0.2, cache_write=2.5, output=10.0)


def body(provider: str, text: str | None, reason: Any, **more: Any) -> dict[str, Any]:
    """Return a response of a provider's form."""
    if provider == "anthropic":
        return {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": "claude-test",
            "content": [] if text is None else [{"type": "text", "text": text}],
            "stop_reason": reason,
            "usage": {"input_tokens": 5, "output_tokens": 7},
            **more,
        }
    if provider == "openai":
        return {
            "id": "c",
            "object": "chat.completion",
            "created": 0,
            "model": "gpt-test",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            ],
            "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
            **more,
        }
    content = {} if text is None else {"content": {"parts": [{"text": text}], "role": "model"}}
    return {
        "candidates": [{**content, "finishReason": reason}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7},
        **more,
    }


@pytest.fixture
def ask(httpserver):
    """Return a function that asks a model whose server sends the given response."""

    def asked(provider: str, response: Response | dict[str, Any], retries: int = 0) -> Any:
        made = (
            response
            if isinstance(response, Response)
            else Response(json.dumps(response), mimetype="application/json")
        )
        seen: list[Request] = []

        def answer(request: Request) -> Response:
            seen.append(request)
            return made

        httpserver.clear()
        for path in ("/v1/messages", "/v1/models/gemini-test:generateContent", "/v1/chat/completions"):
            httpserver.expect_request(path).respond_with_handler(answer)

        async def once() -> Any:
            connected = connect(
                parse_model(f"{LABELS[provider]}@{httpserver.url_for('').rstrip('/')}"), retries
            )
            try:
                return await connected.ask(PROMPT, 300)
            finally:
                await connected.close()
                assert all(request.headers["accept-encoding"] == "identity" for request in seen)

        return asyncio.run(once())

    return asked


@PROVIDERS
def test_a_whole_answer_is_kept_whatever_it_says_why_it_ended(ask, provider, capfd, recwarn):
    answer = ask(provider, body(provider, "Hello.", "finished_by\nvibes \x1b[31m"))
    assert (answer.status, answer.text) == (CallStatus.OK, "Hello.")
    assert "a reason that is not known here (finished_byvibes [31m)" in answer.reason
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_no_warning_of_the_library_lands_on_the_screen(ask, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        ask("google", body("google", "Hello.", "SOMETHING_NEW"))
        logging.getLogger("google_genai.models").warning("something to look at")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("provider", "text", "reason", "status", "told"),
    [
        ("anthropic", "Hello.", "end_turn", CallStatus.OK, None),
        ("anthropic", "Hello.", "stop_sequence", CallStatus.OK, None),
        ("anthropic", "Hello.", None, CallStatus.OK, None),
        ("anthropic", "Hello.", "tool_use", CallStatus.OK, "not known here (tool_use)"),
        ("anthropic", None, "tool_use", CallStatus.INVALID, "empty (it ended with tool_use)"),
        ("anthropic", None, "brand_new", CallStatus.INVALID, "empty (it ended with brand_new)"),
        ("anthropic", "Hel", "max_tokens", CallStatus.TRUNCATED, "cut off at the limit of tokens"),
        ("anthropic", "Hel", "model_context_window_exceeded", CallStatus.TRUNCATED, "cut off"),
        ("anthropic", "Hel", "pause_turn", CallStatus.TRUNCATED, "paused before its answer was complete"),
        ("anthropic", "I will", "refusal", CallStatus.REFUSED, "declined"),
        ("anthropic", None, "refusal", CallStatus.REFUSED, "declined"),
        ("openai", "Hello.", "stop", CallStatus.OK, None),
        ("openai", "Hello.", None, CallStatus.OK, None),
        ("openai", "Hello.", "tool_calls", CallStatus.OK, "not known here (tool_calls)"),
        ("openai", None, "brand_new", CallStatus.INVALID, "empty (it ended with brand_new)"),
        ("openai", "Hel", "length", CallStatus.TRUNCATED, "cut off at the limit of tokens"),
        ("openai", "I will", "content_filter", CallStatus.REFUSED, "declined"),
        ("google", "Hello.", "STOP", CallStatus.OK, None),
        ("google", "Hello.", "stop", CallStatus.OK, None),
        ("google", "Hello.", "FINISH_REASON_UNSPECIFIED", CallStatus.OK, None),
        ("google", "Hello.", "OTHER", CallStatus.OK, "not known here (OTHER)"),
        ("google", None, "OTHER", CallStatus.INVALID, "empty (it ended with OTHER)"),
        ("google", None, "BRAND_NEW", CallStatus.INVALID, "empty (it ended with BRAND_NEW)"),
        ("google", "Hel", "MAX_TOKENS", CallStatus.TRUNCATED, "cut off at the limit of tokens"),
        ("google", "Hel", "CONTINUATION", CallStatus.TRUNCATED, "cut off"),
        ("google", "Hel", "SAFETY", CallStatus.REFUSED, "declined to answer (SAFETY)"),
        ("google", None, "PROHIBITED_CONTENT", CallStatus.REFUSED, "declined"),
        ("google", None, "MALFORMED_RESPONSE", CallStatus.REFUSED, "declined"),
    ],
)
def test_every_end_has_a_status_and_a_sentence(ask, provider, text, reason, status, told):
    answer = ask(provider, body(provider, text, reason))
    assert (answer.status, answer.text) == (status, text or "")
    assert answer.reason is None if told is None else told in answer.reason
    assert answer.usage.output == 7


@pytest.mark.parametrize(
    ("more", "status", "told"),
    [
        ({"candidates": []}, CallStatus.INVALID, "empty"),
        ({"candidates": None}, CallStatus.INVALID, "empty"),
        ({"candidates": [], "promptFeedback": {"blockReason": "SAFETY"}}, CallStatus.REFUSED, "(SAFETY)"),
        ({"candidates": [], "promptFeedback": {"blockReason": "NEW_ONE"}}, CallStatus.REFUSED, "(NEW_ONE)"),
        ({"candidates": [{"content": None}]}, CallStatus.INVALID, "empty"),
        ({"candidates": [{"content": {"parts": None}}]}, CallStatus.INVALID, "empty"),
    ],
)
def test_responses_without_a_candidate(ask, more, status, told, recwarn):
    answer = ask("google", body("google", None, "STOP", **more))
    assert (answer.status, answer.text) == (status, "")
    assert told in answer.reason
    assert not recwarn.list


@PROVIDERS
@pytest.mark.parametrize(
    "content",
    [
        "[" * 200_000,
        '{"a":' * 100_000,
        "7" * 10_000,
        "[1, 2]",
        '"text"',
        "null",
        '{"candidates": [{"finishReason": 7}], "content": 7}',
        '{"candidates": 7, "content": {"a": 1}}',
        "\x00\xff",
    ],
    ids=lambda text: text[:12],
)
def test_bodies_of_any_other_form_are_no_defect_of_ours(ask, provider, content):
    response = Response(content.encode("latin-1"), mimetype="application/json")
    try:
        answer = ask(provider, response)
    except Uncertain:
        return
    assert answer.status is CallStatus.INVALID


@PROVIDERS
@pytest.mark.parametrize("count", [-1, 10**12, 10**30, "many", 1.5])
def test_absurd_counts_of_tokens_are_none(ask, provider, count):
    used = {"input_tokens": 5, "output_tokens": count}
    meta = {"promptTokenCount": 5, "candidatesTokenCount": count}
    counted = {"prompt_tokens": 5, "completion_tokens": count}
    more = {
        "anthropic": {"usage": used},
        "google": {"usageMetadata": meta},
        "openai": {"usage": counted},
    }[provider]
    try:
        answer = ask(provider, body(provider, "Hello.", "STOP", **more))
    except Uncertain:
        return
    assert answer.usage is None


@PROVIDERS
def test_a_response_has_an_end(ask, provider):
    long = json.dumps(body(provider, "x" * wire.MAX_RESPONSE, "STOP"))
    with pytest.raises(Uncertain, match="longer than 4 MiB"):
        ask(provider, Response(long, mimetype="application/json"), retries=2)
    nearly = body(
        provider, "x" * (wire.MAX_RESPONSE - 2000), "end_turn" if provider == "anthropic" else "STOP"
    )
    assert len(ask(provider, nearly).text) == wire.MAX_RESPONSE - 2000


@PROVIDERS
def test_a_bomb_is_not_unpacked(ask, provider):
    packed = gzip.compress(b"x" * (64 << 20))
    response = Response(packed, mimetype="application/json", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Uncertain, match="compressed its response"):
        ask(provider, response)
    failed = Response(packed, 500, mimetype="application/json", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable):
        ask(provider, failed)


@PROVIDERS
def test_an_error_has_an_end(ask, provider):
    text = json.dumps({"error": {"type": "x", "message": "no " * (1 << 20)}})
    with pytest.raises(Refused) as told:
        ask(provider, Response(text, 400, mimetype="application/json"))
    assert len(str(told.value)) <= wire.MAX_ERROR + 100


@PROVIDERS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_followed_to_another_address(ask, provider, status, httpserver):
    elsewhere = Response("", status, headers={"Location": httpserver.url_for("/elsewhere")})
    with pytest.raises(Refused, match="name that one instead"):
        ask(provider, elsewhere)
    assert not [request for request, _ in httpserver.log if request.path == "/elsewhere"]


@PROVIDERS
def test_only_so_much_of_an_answer_is_stored(archive, httpserver, provider):
    text = "y" * (3 * MAX_REPLY)
    reason = "end_turn" if provider == "anthropic" else "STOP"
    long = body(provider, text, reason, id="i" * 100_000, responseId="i" * 100_000)
    for path in ("/v1/messages", "/v1/models/gemini-test:generateContent", "/v1/chat/completions"):
        httpserver.expect_request(path).respond_with_json(long)
    label = LABELS[provider]
    connected = connect(parse_model(f"{label}@{httpserver.url_for('').rstrip('/')}"), 0)
    calls = Calls(archive, {label: connected}, {label: PRICE}, 20.0)
    run = archive.runs.create("cfr", {}, seed=0)
    kind, _, model = label.partition(":")
    reserved = archive.calls.reserve(run, provider=kind, model=model, request={}, reserved_cost=1.0)
    calls.start(0, reserved, PROMPT, 300)
    ends: list[Any] = []
    while not ends:
        calls.wait(5.0)
        ends = calls.take()
    calls.close()
    assert ends[0].text == "y" * MAX_REPLY
    [stored] = archive.calls.find(run=run)
    assert stored.status is CallStatus.TRUNCATED
    assert f"the first {MAX_REPLY} were kept" in stored.reason
    assert len(stored.response["text"]) == MAX_REPLY
    assert len(json.dumps(stored.response)) < MAX_REPLY + MAX_RAW + 1000
