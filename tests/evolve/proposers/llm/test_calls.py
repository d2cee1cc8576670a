"""Both official libraries against a server on this machine: every answer, every fault, and what it costs."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime

import httpx2
import pytest

from benchmarks.model_server import LOST, TURNED_AWAY, Reply, tokens
from nashforge.archive import CallStatus
from nashforge.evolve.config.model_names import parse_model
from nashforge.evolve.proposers.llm.calls import Calls
from nashforge.evolve.proposers.llm.prices import Price, Usage
from nashforge.evolve.proposers.llm.providers import connect, requests
from nashforge.evolve.proposers.llm.providers.base import Prompt, Refused, Unavailable, Uncertain
from nashforge.evolve.proposers.llm.providers.retry_after import told_seconds

PRICE = Price(input=2.0, cached=0.2, cache_write=2.5, output=10.0)
PROMPT = Prompt("You design rules." * 20, "Improve this.")
LABELS = {"anthropic": "anthropic:claude-test", "google": "google:gemini-test", "openai": "openai:gpt-test"}
PROVIDERS = pytest.mark.parametrize("provider", sorted(LABELS))


@pytest.fixture
def call(archive, serve):
    """Return a function that makes calls and returns how they ended."""
    run = archive.runs.create("cfr", {}, seed=0)
    made = []

    def make(provider, replies, *, deadline=20.0, retries=2, count=1):
        queue = list(replies)
        server = serve(lambda ask: queue.pop(0) if len(queue) > 1 else queue[0])
        label = LABELS[provider]
        connected = connect(parse_model(f"{label}@{server.url}"), retries)
        calls = Calls(archive, {label: connected}, {label: PRICE}, deadline)
        made.append(calls)
        for index in range(count):
            reserved = archive.calls.reserve(
                run,
                provider=provider,
                model=label.partition(":")[2],
                request={},
                reserved_cost=1.0,
                input_tokens=700,
                output_tokens=300,
            )
            calls.start(index, reserved, PROMPT, 300)
        ends = []
        limit = time.monotonic() + 240
        while len(ends) < count and time.monotonic() < limit:
            calls.wait(1.0)
            ends += calls.take()
        assert len(ends) == count
        assert len(calls) == 0
        assert archive.calls.spending(run)[""].reserved == 0
        return ends if count > 1 else ends[0], server

    yield make
    for calls in made:
        calls.close()


@PROVIDERS
def test_an_answer_is_booked_as_the_provider_counts_it(call, provider):
    end, server = call(provider, [Reply("Hello, ünïcode.")])
    assert end.text == "Hello, ünïcode."
    assert end.failure is None
    stored = end.call
    assert stored.status is CallStatus.OK
    usage = Usage(stored.input_tokens, stored.cached_tokens, stored.cache_write_tokens, stored.output_tokens)
    assert usage.output == tokens("Hello, ünïcode.")
    assert dict(server.tally.delivered) == {
        "input": usage.input,
        "cached": usage.cached,
        "cache_write": usage.cache_write,
        "output": usage.output,
    }
    assert stored.cost == pytest.approx(PRICE.cost(usage), rel=1e-12)
    assert stored.response["text"] == end.text
    [ask] = server.asks
    assert (ask.system, ask.user, ask.max_output) == (PROMPT.system, PROMPT.user, 300)


@PROVIDERS
def test_the_stable_beginning_is_read_from_the_cache_the_second_time(call, provider):
    ends, server = call(provider, [Reply("Hello.")], count=3)
    assert sum(end.call.cached_tokens for end in ends) == server.tally.delivered["cached"]
    assert server.tally.delivered["cached"] >= tokens(PROMPT.system)
    if provider == "anthropic":
        assert server.asks[0].body["system"][0]["cache_control"] == {"type": "ephemeral"}


@PROVIDERS
@pytest.mark.parametrize("fault", ["rate_limit", "overloaded", "unavailable"])
def test_what_is_turned_away_for_now_is_repeated_by_the_library(call, provider, fault):
    end, server = call(provider, [Reply(fault=fault, retry_after=0.01), Reply("Now.")])
    assert end.text == "Now."
    assert end.call.status is CallStatus.OK
    assert end.call.response["requests"] == 2
    assert server.tally.requests == 2


@PROVIDERS
def test_an_outage_costs_nothing_and_is_told_apart(call, provider):
    end, server = call(provider, [Reply(fault="overloaded", retry_after=0.01)], retries=1)
    assert isinstance(end.failure, Unavailable)
    assert (end.call.status, end.call.cost, end.call.input_tokens) == (CallStatus.ERROR, 0.0, 0)
    assert server.tally.requests == 2


@PROVIDERS
def test_a_wait_for_a_rate_limit_ends_at_the_deadline_and_costs_nothing(call, provider):
    end, server = call(provider, [Reply(fault="rate_limit", retry_after=3600)], deadline=2.5, retries=50)
    assert isinstance(end.failure, Unavailable)
    assert end.call.cost == 0.0
    assert server.tally.requests == 1  # the server said when to come back, and it was not asked before


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, b"", 7.0),
        ({"Retry-After": "0.5"}, b"{}", 0.5),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT"}, b"", 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 09:00:00 GMT"}, b"", 0.0),
        ({"Retry-After": "soon"}, b"", 0.0),
        ({"Retry-After": "inf"}, b"", 0.0),
        ({"Retry-After": "-3"}, b"", 0.0),
        (
            {},
            b'{"error": {"details": [{"@type": "a"}, '
            b'{"@type": "b/google.rpc.RetryInfo", "retryDelay": "34s"}]}}',
            34.0,
        ),
        ({}, b'{"error": {"details": [{"@type": "b/google.rpc.RetryInfo"}]}}', 0.0),
        ({}, b'{"error": {"details": [7]}}', 0.0),
        ({}, b'[{"error": 1}]', 0.0),
        ({}, b"busy", 0.0),
    ],
)
def test_how_long_a_busy_server_asks_to_be_left_alone(headers, body, seconds):
    now = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)
    assert told_seconds(httpx2.Response(429, headers=headers, content=body), now) == seconds


@PROVIDERS
@pytest.mark.parametrize("fault", LOST)
def test_an_answer_that_gets_lost_is_booked_at_the_worst_and_not_asked_for_again(call, provider, fault):
    end, server = call(provider, [Reply("Half an answer " * 50, fault)], deadline=2.0)
    assert isinstance(end.failure, Uncertain)
    assert end.call.status is (CallStatus.TIMEOUT if fault == "stall" else CallStatus.INVALID)
    assert (end.call.cost, end.call.input_tokens, end.call.output_tokens) == (1.0, 700, 300)
    assert server.tally.requests == 1


@PROVIDERS
@pytest.mark.parametrize(
    ("fault", "status"),
    [("refusal", CallStatus.REFUSED), ("truncated", CallStatus.TRUNCATED), ("empty", CallStatus.INVALID)],
)
def test_answers_that_say_nothing_are_booked_as_counted(call, provider, fault, status):
    end, server = call(provider, [Reply("word " * 30, fault)])
    assert end.failure is None
    assert end.call.status is status
    assert end.call.reason
    assert end.call.output_tokens == server.tally.delivered["output"]
    assert end.call.cost < 1.0


@PROVIDERS
@pytest.mark.parametrize(("fault", "fatal"), [("forbidden", True), ("bad_request", False)])
def test_what_is_turned_away_for_good_is_not_repeated(call, provider, fault, fatal):
    end, server = call(provider, [Reply(fault=fault)])
    assert fault in TURNED_AWAY
    assert isinstance(end.failure, Refused)
    assert end.failure.fatal is fatal
    assert (end.call.status, end.call.cost) == (CallStatus.REFUSED, 0.0)
    assert server.tally.requests == 1


@PROVIDERS
def test_a_server_that_is_not_there_is_an_outage(archive, provider, call):
    label = LABELS[provider]
    run = archive.runs.create("cfr", {}, seed=0)
    connected = connect(parse_model(f"{label}@http://127.0.0.1:9"), 0)
    calls = Calls(archive, {label: connected}, {label: PRICE}, 10.0)
    model = label.partition(":")[2]
    reserved = archive.calls.reserve(run, provider=provider, model=model, request={}, reserved_cost=1.0)
    calls.start(0, reserved, PROMPT, 300)
    ends = []
    while not ends:
        calls.wait(5.0)
        ends = calls.take()
    calls.close()
    assert isinstance(ends[0].failure, Unavailable)
    assert ends[0].call.cost == 0.0


@PROVIDERS
def test_one_slow_call_delays_no_other(call, provider):
    replies = [Reply("slow", "stall"), Reply("fast"), Reply("fast"), Reply("fast")]
    ends, _ = call(provider, replies, deadline=3.0, count=4)
    assert [bool(end.text) for end in ends] == [True, True, True, False]


def test_calls_given_up_are_written_off_in_full(archive, serve, call):
    run = archive.runs.create("cfr", {}, seed=0)
    server = serve(lambda ask: Reply("slow", "stall"))
    label = LABELS["anthropic"]
    calls = Calls(archive, {label: connect(parse_model(f"{label}@{server.url}"), 0)}, {label: PRICE}, 60.0)
    reserved = archive.calls.reserve(
        run, provider="anthropic", model="claude-test", request={}, reserved_cost=0.5, output_tokens=90
    )
    calls.start(0, reserved, PROMPT, 300)
    limit = time.monotonic() + 240
    while not server.tally.calls_lost and time.monotonic() < limit:
        time.sleep(0.01)
    calls.close()
    assert archive.calls.write_off(run) == 1
    total = archive.calls.spending(run)[""]
    assert (total.cost, total.reserved, total.output_tokens) == (0.5, 0.0, 90)


@PROVIDERS
def test_a_call_that_reached_nobody_costs_nothing_when_it_is_given_up(archive, provider, monkeypatch):
    label, model = LABELS[provider], LABELS[provider].partition(":")[2]
    run = archive.runs.create("cfr", {}, seed=0)
    connected = connect(parse_model(f"{label}@http://127.0.0.1:9"), 50)  # it would try again for hours
    calls = Calls(archive, {label: connected}, {label: PRICE}, 3600.0)
    failed, former = threading.Event(), requests._leaving

    async def leaving(event, info):
        await former(event, info)
        if event.endswith(".failed"):
            failed.set()

    monkeypatch.setattr(requests, "_leaving", leaving)
    reserved = archive.calls.reserve(
        run, provider=provider, model=model, request={}, reserved_cost=0.5, input_tokens=40, output_tokens=90
    )
    calls.start(0, reserved, PROMPT, 300)
    assert failed.wait(240)
    calls.close()
    assert archive.calls.write_off(run) == 0
    total = archive.calls.spending(run)[""]
    assert (total.cost, total.reserved, total.input_tokens, total.output_tokens) == (0.0, 0.0, 0, 0)
    assert archive.calls.counts(run) == {"error": 1}


@pytest.fixture
def listening():
    """Return a socket that connections are made to, and that answers them with what is given, or never."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as made:
        yield made


def _ask_by_tls(archive, provider, address, *, deadline, retries=0):
    """Return the run and how a call ended that is made to an address."""
    label, model = LABELS[provider], LABELS[provider].partition(":")[2]
    run = archive.runs.create("cfr", {}, seed=0)
    calls = Calls(
        archive, {label: connect(parse_model(f"{label}@{address}"), retries)}, {label: PRICE}, deadline
    )
    reserved = archive.calls.reserve(
        run, provider=provider, model=model, request={}, reserved_cost=0.5, input_tokens=40, output_tokens=90
    )
    calls.start(0, reserved, PROMPT, 300)
    try:
        limit, ends = time.monotonic() + 240, []
        while not ends and time.monotonic() < limit:
            calls.wait(1.0)
            ends = calls.take()
    finally:
        calls.close()
    [end] = ends
    return run, end


@PROVIDERS
def test_a_server_that_is_not_connected_when_time_is_up_charges_nothing(archive, provider, listening):
    port = listening.getsockname()[1]
    run, end = _ask_by_tls(archive, provider, f"https://127.0.0.1:{port}", deadline=3.0)
    assert isinstance(end.failure, Unavailable)
    assert str(end.failure) == "not reached for 3 s, in 1 requests"
    assert (end.call.cost, archive.calls.spending(run)[""].output_tokens) == (0.0, 0)


@PROVIDERS
def test_what_a_proxy_does_not_let_through_costs_nothing(archive, provider, listening, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listening.getsockname()[1]}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    asked = []

    def refuse():
        while True:
            try:
                heard, _ = listening.accept()
            except OSError:
                return
            with heard:
                asked.append(heard.recv(1000))
                heard.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    threading.Thread(target=refuse, daemon=True).start()
    run, end = _ask_by_tls(archive, provider, "https://models.example", deadline=60.0, retries=1)
    assert asked[0].startswith(b"CONNECT models.example:443 ")
    assert isinstance(end.failure, Unavailable)
    assert "not reached" in str(end.failure)
    assert (end.call.cost, archive.calls.spending(run)[""].output_tokens) == (0.0, 0)
