"""Models asked by workers that hold the keys, against a server that counts what it would charge."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The server of models is shared with the benchmarks, which are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.model_faults import check_ledger
from benchmarks.model_server import ModelServer, Reply, new_rule
from nashforge.archive import Archive
from nashforge.archive.work import AttemptState
from nashforge.evolve.config.model_names import KEYS
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.service.settings import service_settings

from .conftest import Service

MODEL = "anthropic:claude-sonnet-5"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*(name for names in KEYS.values() for name in names), "NASHFORGE_PRICES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service(postgresql: str, redis: str, tmp_path: Path) -> Iterator[Service]:
    """A service on Redis."""
    made = Service(postgresql, redis, tmp_path)
    Archive.open(postgresql).close()
    yield made
    made.end()


def test_models_are_asked_by_those_who_hold_the_keys(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_away = {2: "overloaded", 3: "bad_request"}

    def script(ask):
        fault = turned_away.get(ask.number)
        return new_rule(ask) if fault is None else Reply(fault=fault)

    with ModelServer(script) as server, Archive.open(service.database) as archive:
        service.worker("evaluates")
        with monkeypatch.context() as patch:
            patch.setenv("ANTHROPIC_API_KEY", "sk-of-the-worker")
            patch.setenv("ANTHROPIC_BASE_URL", server.url)
            service.worker("proposes", "--queues", "propose", slots=2)
        config = service.config(
            start=["cfr_plus"],
            proposer=MODEL,
            propose_on="workers",
            max_evaluations=6,
            retries=0,
            lookahead=3,
        )
        result = start_run(archive, config, name="far", service=service_settings(service.broker))
        run = archive.runs.get("far")
        assert result.evaluations == 6
        assert {_key(ask.headers) for ask in server.asks} == {"sk-of-the-worker"}
        check_ledger(archive, run, server)
        attempts = archive.queue.attempts(run=run)
        asked = [attempt for attempt in attempts if attempt.kind == "propose"]
        assert {attempt.worker for attempt in asked} == {"proposes"}
        assert {attempt.worker for attempt in attempts if attempt.kind == "evaluate"} == {"evaluates"}
        assert len(asked) == len(server.asks)
        assert all(attempt.state is AttemptState.DONE for attempt in asked)
        assert "sk-of-the-worker" not in service.log("proposes")
        made = archive.candidates.of(run)[1:]
        assert {candidate.proposer for candidate in made} == {MODEL}


def _key(headers: dict[str, str]) -> str | None:
    """Return the key that a request shows, whichever way the provider's library shows it."""
    lower = {name.lower(): value for name, value in headers.items()}
    return lower.get("x-api-key") or lower.get("authorization", "").removeprefix("Bearer ")


def test_a_key_is_sent_nowhere_else(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write to the queue can name an address; the worker's key does not go there."""
    with ModelServer(new_rule) as server, Archive.open(service.database) as archive:
        service.worker("evaluates")
        with monkeypatch.context() as patch:
            patch.setenv("ANTHROPIC_API_KEY", "sk-of-the-worker")
            service.worker("proposes", "--queues", "propose")
        config = service.config(
            start=["cfr_plus"], proposer=f"{MODEL}@{server.url}", propose_on="workers", max_evaluations=2
        )
        start_run(archive, config, name="far", service=service_settings(service.broker))
        assert server.asks
        assert all("sk-of-the-worker" not in str(ask.headers) for ask in server.asks)


def test_a_lost_request_is_not_repeated(service: Service) -> None:
    with Archive.open(service.database) as archive:
        run = archive.runs.create("cfr", {})
        archive.queue.add("a", "propose", {"model": MODEL}, run=run)
        attempt = archive.queue.claim("propose", "dies")
        assert attempt is not None
        assert archive.queue.sweep(-60.0, max_attempts=5) == []
        (only,) = archive.queue.attempts(run=run)
        assert only.state is AttemptState.FAILED, "it may have been charged"
