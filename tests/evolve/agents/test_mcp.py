"""The tools of the Model Context Protocol, by the SDK's client: in memory, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from nashforge.archive import Archive
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.http.guard import Guard
from nashforge.evolve.agents.mcp.server import server

from .conftest import Agency, rule
from .test_http import SECRET, Served

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


def test_what_is_wrong_is_said_to_the_model(archive: Archive) -> None:
    async def err() -> None:
        async with Client(made(archive)) as client:
            assert "no run" in await refused(client, "status", run="nothing")
            assert "token" in await refused(client, "tell", token="none")
            assert "one of the two" in await refused(client, "evaluate")
            assert "no measurement" in await refused(client, "evaluate", job="none")
            assert "no training game" in await refused(client, "evaluate", program="cfr", games=["leduc"])
            assert "files are not read" in await refused(client, "evaluate", program="/etc/passwd")
            assert "proposer" in await refused(client, "start", name="one", proposer="rm -rf")
            assert "evaluations" in await refused(client, "start", name="one", evaluations=0)
            named = "start needs name; it takes name, domain, evaluations, proposer"
            assert await refused(client, "start") == named
            unknown = await refused(client, "ask", run="nothing", cuont=2)
            assert unknown.startswith("ask has no argument 'cuont'; it takes run, count, ")
            wrong = await refused(client, "start", name="one", evaluations="many")
            assert wrong.startswith("start: evaluations = 'many': input should be a valid integer")
            assert "http" not in wrong
            beyond = await refused(client, "ask", count=17)
            assert beyond.startswith("ask: count = '17': input should be less than or equal to 16")
            for tool in (await client.list_tools()).tools:
                assert tool.input_schema["additionalProperties"] is False
            with pytest.raises(MCPError):
                await client.read_resource("nashforge://run/nothing")

    asyncio.run(err())


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


def _training() -> Any:
    from nashforge.evolve.domains import domain

    work = domain("cfr")
    return work.games(work.suites["train"])
