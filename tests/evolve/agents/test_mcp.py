"""The tools of the Model Context Protocol, by the SDK's client: in memory, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from nashforge.archive import Archive, RunState
from nashforge.archive.agents import RequestState
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.http.guard import Guard
from nashforge.evolve.agents.mcp.open_games import open_games
from nashforge.evolve.agents.mcp.server import server

from .conftest import Agency, rule
from .test_http import SECRET, Served
from .test_reading import seeded, wanted

COMMAND = (sys.executable, "-c", "from nashforge.cli.main import main; main()")
TOOLS = {"start", "ask", "tell", "status", "best", "show", "evaluate", "notes"}


def made(archive: Archive, **options: Any) -> Any:
    return server(archive, Who("by mcp", "test 4"), command=COMMAND, version="1", **options)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)


async def work(client: Client) -> None:
    """Find a better rule by tools alone."""
    asked = await call(client, "ask", wait=600)
    [task] = asked["tasks"]
    told = await call(
        client, "tell", token=task["token"], program=rule("pcfr_plus"), note="predicts", wait=600
    )
    assert (told["status"], told["new_best"]) == ("ok", True)
    assert told["fitness"] > task["parent"]["fitness"]
    again = await call(client, "tell", token=task["token"])
    assert again["fitness"] == told["fitness"]
    best = await call(client, "best")
    assert best["programs"][0]["program"] == told["program"]
    shown = await call(client, "show", program=told["program"])
    assert shown["source"].strip() == rule("pcfr_plus").strip()
    assert (await call(client, "status"))["budget"]["left"] == 0


@asynccontextmanager
async def over_http(address: str, secret: str) -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {secret}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=120) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
    ):
        yield client


def test_tools_and_resources_are_few_and_say_what_they_do(archive: Archive) -> None:
    async def look() -> None:
        async with Client(made(archive)) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == TOOLS
            assert all(tool.description and tool.output_schema for tool in tools)
            templates = (await client.list_resource_templates()).resource_templates
            assert {template.uri_template for template in templates} == {
                "nashforge://interface/{domain}",
                "nashforge://program/{hash}",
                "nashforge://run/{name}",
            }
        async with Client(made(archive, read_only=True)) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == {"status", "best", "show", "notes"}
            [notes] = [tool for tool in tools if tool.name == "notes"]
            assert "add" not in notes.input_schema["properties"]

    asyncio.run(look())


def test_what_is_wrong_is_said_to_the_model(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def err() -> None:
        async with Client(made(archive)) as client:
            assert "no run" in await refused(client, "status", run="nothing")
            assert "token" in await refused(client, "tell", token="none")
            assert "one of the two" in await refused(client, "evaluate")
            assert "no measurement" in await refused(client, "evaluate", job="none")
            assert "no training game" in await refused(client, "evaluate", program="cfr", games=["leduc"])
            monkeypatch.chdir(tmp_path)
            tmp_path.joinpath("secret").write_text("a_password")
            for file in ("/etc/passwd", "secret", "secret.py"):
                assert "files are not read" in await refused(client, "evaluate", program=file)
            assert "proposer" in await refused(client, "start", name="one", proposer="rm -rf")
            assert "evaluations" in await refused(client, "start", name="one", evaluations=0)
            named = "start needs name; it takes name, domain, evaluations, proposer"
            assert await refused(client, "start") == named
            unknown = await refused(client, "ask", run="nothing", cuont=2)
            assert unknown.startswith("ask has no argument 'cuont'; it takes run, count, ")
            wrong = await refused(client, "start", name="one", evaluations="many")
            assert wrong.startswith("start: evaluations = 'many': input should be a valid integer")
            assert "http" not in wrong
            assert await refused(client, "show", program=None) == "show needs program; it takes program, run"
            assert "no argument 'addd'" in await refused(client, "notes", addd=None)
            beyond = await refused(client, "ask", count=17)
            assert beyond.startswith("ask: count = 17: input should be less than or equal to 16")
            for tool in (await client.list_tools()).tools:
                assert tool.input_schema["additionalProperties"] is False
            with pytest.raises(MCPError):
                await client.read_resource("nashforge://run/nothing")

    asyncio.run(err())


def test_a_text_is_taken_as_it_is_and_null_as_nothing(archive: Archive, tiny: Callable[..., Any]) -> None:
    archive.runs.create("cfr", tiny(proposer="agent").model_dump(mode="json"), nickname="agents")
    texts = ["null", "true", '["established: 1"]', '{"refuted": 2}', "17"]

    async def note() -> list[str]:
        async with Client(made(archive)) as client:
            for text in texts:
                await call(client, "notes", add=text, run=None)
            told = await call(client, "notes", add=None)
            return [note["text"] for note in told["notes"]]

    assert asyncio.run(note()) == texts


def test_a_task_that_is_held_is_told_again(archive: Archive, tiny: Callable[..., Any]) -> None:
    config = tiny(proposer="agent", final_test=False).model_dump(mode="json")
    run = archive.runs.claim(archive.runs.create("cfr", config, nickname="agents"), "somebody")
    seed = seeded(archive, run)
    for index in (1, 2):
        wanted(archive, run, seed, index)

    async def lose_it() -> None:
        async with Client(made(archive)) as client:
            assert "but none" in await refused(client, "ask", task=1)
            await call(client, "ask")
            [second] = (await call(client, "ask"))["tasks"]
            assert second["short"] is True
            assert "but those of 1, 2;" in await refused(client, "ask", task=3)
        async with Client(made(archive)) as client:
            [held] = [one for one in (await call(client, "ask", look=True))["held"] if one["index"] == 2]
            again = await call(client, "ask", task=held["index"])
            [task] = again["tasks"]
            assert (task["token"], task["short"]) == (second["token"], False)
            assert again["interface"]["text"] is not None

    asyncio.run(lose_it())
    assert archive.requests.counts(run) == {RequestState.CLAIMED: 2}


@pytest.mark.slow
def test_a_rule_is_found_in_memory_and_read_as_resources(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)

    async def find() -> None:
        async with Client(made(agency.archive)) as client:
            await call(client, "notes", add="prediction helps")
            await work(client)
            text = (await client.read_resource("nashforge://run/agents")).contents[0].text
            assert "prediction helps" in text
            best = await call(client, "best")
            source = await client.read_resource(f"nashforge://program/{best['programs'][0]['hash']}")
            assert source.contents[0].text.strip() == rule("pcfr_plus").strip()
            interface = await client.read_resource("nashforge://interface/cfr")
            assert "RegretMinimizer" in interface.contents[0].text

    asyncio.run(find())
    assert agency.join().evaluations == 2
    candidate = agency.archive.candidates.of(agency.run)[1]
    assert candidate.data["author"] == "by mcp"
    assert candidate.data["client"].startswith("test 4 session ")


@pytest.mark.slow
def test_a_rule_is_found_over_stdio(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    words = [*COMMAND[1:], "mcp", "--database", str(agency.archive.database.location)]

    async def find() -> None:
        async with Client(StdioServerParameters(command=COMMAND[0], args=words)) as client:
            await work(client)

    asyncio.run(find())
    assert agency.join().evaluations == 2


@pytest.mark.slow
def test_a_rule_is_found_over_http_with_the_token_alone(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    served = Served(Guard(made(agency.archive).streamable_http_app(), SECRET))

    async def find(secret: str, then: Callable[[Client], Any]) -> None:
        async with over_http(served.address, secret) as client:
            await then(client)

    try:
        asyncio.run(find(SECRET, work))
        answer = httpx2.post(f"{served.address}/mcp", json={}, trust_env=False)
        assert answer.status_code == 401
    finally:
        served.close()
    assert agency.join().evaluations == 2


@pytest.mark.slow
def test_a_measurement_is_submitted_and_asked_for_again(archive: Archive) -> None:
    told: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(done)

    async def measure() -> None:
        async with Client(made(archive)) as client:
            games = [str(game) for game in _training()[:1]]
            first = await call(
                client, "evaluate", program=rule("cfr_plus"), games=games, iterations=10, wait=0
            )
            assert first["state"] in ("running", "done")
            last = await client.call_tool(
                "evaluate", {"job": first["job"], "wait": 120}, progress_callback=progress
            )
            content = last.structured_content
            assert content is not None
            assert (content["state"], content["done"]) == ("done", content["of"])
            assert list(content["games"]) != []
            assert all(value["value"] > 0 for value in content["games"].values())

    asyncio.run(measure())
    assert archive.runs.newest() == []


def test_only_games_of_training_are_measured_on(archive: Archive, tiny: Callable[..., Any]) -> None:
    own = _training()
    assert open_games(archive, None, None).games == tuple(own)
    turned = tiny(proposer="agent", train="cfr-validation", validation="cfr-train", horizon=50)
    run = archive.runs.create("cfr", turned.model_dump(mode="json"), nickname="turned")
    known = open_games(archive, None, None)
    assert set(known.games).isdisjoint(own)
    assert (known.of, known.horizon) == ("turned", 50)
    tiny_one = tiny(proposer="agent", train="cfr-train", validation="cfr-smoke")
    archive.runs.create("cfr", tiny_one.model_dump(mode="json"), nickname="other")
    with pytest.raises(AgentError, match="no game of other can be measured on"):
        open_games(archive, None, None)
    archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")
    assert open_games(archive, "other", None).games == tuple(own)
    with pytest.raises(AgentError, match="searches cfr, and not psro"):
        open_games(archive, "other", "psro")
    assert open_games(archive, None, "psro").of == "psro"


def test_nothing_is_measured_where_the_held_out_games_cannot_be_told(
    archive: Archive, tiny: Callable[..., Any]
) -> None:
    elsewhere = tiny(proposer="agent", validation="cfr-smoke").model_dump(mode="json")
    away = archive.runs.create("cfr", {**elsewhere, "validation": "/other/machine.toml"}, nickname="away")
    archive.runs.create("cfr", elsewhere, nickname="here")
    for named in (None, "away", "here"):
        with pytest.raises(AgentError, match=r"away holds out cannot be told apart .* tell a program"):
            open_games(archive, named, None)
    assert open_games(archive, None, "psro").of == "psro"
    archive.runs.set_state(away, RunState.FINISHED, "max_evaluations")
    assert open_games(archive, "here", None).of == "here"


def _training() -> Any:
    from nashforge.evolve.domains import domain

    work = domain("cfr")
    return work.games(work.suites["train"])
