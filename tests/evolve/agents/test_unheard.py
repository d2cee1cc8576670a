"""Answers that did not arrive, and agents of one name: nobody holds or knows what it never heard."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from mcp import Client

from nashforge.archive import Archive, Run
from nashforge.archive.agents import RequestState
from nashforge.evolve.agents.answers.verbs import Asked
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.http.guard import LARGEST_BODY, Guard
from nashforge.evolve.agents.http.server import application

from .conftest import until
from .test_http import SECRET, Served
from .test_mcp import call, made
from .test_reading import seeded, wanted


@pytest.fixture
def run(archive: Archive, tiny: Callable[..., Any]) -> Run:
    """Return a run that a process works on, with three requests for agents."""
    config = tiny(proposer="agent", final_test=False).model_dump(mode="json")
    claimed = archive.runs.claim(archive.runs.create("cfr", config, nickname="agents"), "somebody")
    seed = seeded(archive, claimed)
    for index in (1, 2, 3):
        wanted(archive, claimed, seed, index)
    return claimed


def head(length: str) -> bytes:
    return f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n{length}\r\n\r\n".encode()


def test_a_claim_of_which_nobody_heard_over_http_is_undone(
    archive: Archive, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, tokens = LocalCore.ask, list[str]()

    def until_gone(core: LocalCore, *words: Any, **options: Any) -> Asked:
        answer = asked(core, *words, **options)
        until(lambda: not core._still_there())
        tokens.extend(task.token for task in answer.tasks)
        return answer

    monkeypatch.setattr(LocalCore, "ask", until_gone)
    served = Served(application(archive, run, SECRET))
    body = json.dumps({"author": "ann", "client": "c"}).encode()
    try:
        place = urlsplit(served.address)
        with socket.create_connection((place.hostname, place.port)) as hasty:
            hasty.sendall(head(f"Content-Length: {len(body)}") + body)
        until(lambda: tokens and archive.requests.counts(run)[RequestState.WAITING] == 3)
    finally:
        served.close()
    monkeypatch.undo()
    answer = LocalCore(archive, Who("ann", "c")).ask("agents")
    [task] = answer.tasks
    assert (task.index, task.attempt, task.short) == (1, 1, False), "it never heard of a task"
    assert answer.interface is not None
    assert task.token not in tokens


def test_a_claim_of_which_nobody_heard_over_the_protocol_is_undone(
    archive: Archive, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, claimed, hung_up = LocalCore.ask, threading.Event(), threading.Event()

    def late(core: LocalCore, *words: Any, **options: Any) -> Asked:
        answer = asked(core, *words, **options)
        claimed.set()
        assert hung_up.wait(600)
        return answer

    async def hang_up() -> None:
        async with Client(made(archive)) as client, anyio.create_task_group() as group:
            group.start_soon(partial(call, client, "ask", run="agents"))
            while not claimed.is_set():
                await anyio.sleep(0.01)
            assert archive.requests.counts(run) == {RequestState.WAITING: 2, RequestState.CLAIMED: 1}
            group.cancel_scope.cancel()
            hung_up.set()

    monkeypatch.setattr(LocalCore, "ask", late)
    asyncio.run(hang_up())
    assert archive.requests.counts(run) == {RequestState.WAITING: 3}


def test_a_session_of_the_protocol_is_told_all_whatever_others_of_its_name_were_told(
    archive: Archive, run: Run
) -> None:
    async def ask(client: Client) -> bool:
        [task] = (await call(client, "ask", run="agents"))["tasks"]
        return bool(task["short"])

    async def two_processes() -> list[bool]:
        async with Client(made(archive)) as first, Client(made(archive)) as second:
            return [await ask(first), await ask(first), await ask(second)]

    assert asyncio.run(two_processes()) == [False, True, False]


def test_a_body_without_end_is_refused_over_the_protocol_too(archive: Archive, run: Run) -> None:
    served = Served(Guard(made(archive).streamable_http_app(), SECRET))
    try:
        place = urlsplit(served.address)
        lines = "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
        with socket.create_connection((place.hostname, place.port), timeout=600) as endless:
            start = head(f"{lines}Transfer-Encoding: chunked").replace(b"/v1/ask", b"/mcp")
            endless.sendall(start.replace(b"Host: x", f"Host: {place.netloc}".encode()))
            piece = b"x" * 100_000
            for _ in range(LARGEST_BODY // len(piece) + 1):
                endless.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            assert endless.recv(100).startswith(b"HTTP/1.1 413 ")
    finally:
        served.close()
