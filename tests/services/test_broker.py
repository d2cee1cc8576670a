"""A broker that cannot be used: everybody is told so in a sentence, and no password is shown."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from redis import Redis as Client

from nashforge.archive import Archive
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.servers import Redis
from nashforge.evolve.service.settings import ServiceError, SettingsError, service_settings

from .conftest import Service


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ((r"//[^@]*@", "//nobody:wrong-secret@"), "ACCESS_REFUSED"),
        ((r"(:\d+)/.*$", r"\1/no-such-host"), "NOT_ALLOWED"),
    ],
    ids=["password", "virtual host"],
)
def test_rabbitmq_lets_nobody_in_who_is_unknown(rabbitmq: str, changed: tuple[str, str], reason: str) -> None:
    broker = Broker(service_settings(re.sub(*changed, rabbitmq)), "a" * 32)
    with pytest.raises(ServiceError, match=f"cannot be reached .*{reason}") as told:
        broker.require()
    assert "secret" not in str(told.value)
    assert broker.wake("evaluate") == 0
    assert broker.length("evaluate") is None
    broker.close()


@pytest.mark.skipif(not Redis.installed(), reason="Redis is not installed")
def test_a_redis_without_memory_is_one_that_is_away(postgresql: str, tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, Archive.open(postgresql) as archive:
        service = Service(postgresql, server.url, tmp_path)
        client = Client.from_url(server.url)
        broker = Broker(service_settings(server.url), archive.database.uid)
        try:
            worker = service.worker("w1")
            client.config_set("maxmemory", 1)
            assert broker.wake("evaluate") == 0
            for _ in range(10):
                # What arrives and what is done with is noted down by Redis, which has no room for it.
                client.config_set("maxmemory", 0)
                assert broker.wake("evaluate", 3) == 3
                client.config_set("maxmemory", 1)
                time.sleep(0.1)
            assert worker.poll() is None
            client.config_set("maxmemory", 0)
            result = start_run(archive, service.config(), name="r", service=service_settings(server.url))
            assert result.stop_reason == "max_evaluations"
            assert {row.worker for row in archive.evaluations.find(run=archive.runs.get("r"))} == {"w1"}
            assert worker.poll() is None
        finally:
            service.end()
            broker.close()
            client.close()


def test_redis_without_such_a_database(redis: str) -> None:
    broker = Broker(service_settings(re.sub(r"(:\d+)/.*$", r"\1/9999", redis)), "a" * 32)
    with pytest.raises(ServiceError, match="out of range"):
        broker.require()
    broker.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:the-secret@host/first",
        "redis://:the-secret@host:port/0",
        "http://me:the-secret@host",
        "amqp://me:the-secret@:5672//",
        "amqp://me:/the-secret@host:5672//",
        "redis://:the/secret@host:6379/0",
        "redis://:the-secret@host:6379/\u00b2",
    ],
)
def test_what_is_no_broker_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="not a URL of a supported kind") as told:
        service_settings(url)
    assert "secret" not in str(told.value)
