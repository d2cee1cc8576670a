"""A broker that cannot be used: everybody is told so in a sentence, and no password is shown."""

from __future__ import annotations

import re

import pytest

from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.settings import ServiceError, SettingsError, service_settings


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
