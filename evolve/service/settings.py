"""Settings of the service: addresses, intervals and timeouts."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from nashforge.archive.addresses import shown_url
from nashforge.errors import NashforgeError
from nashforge.evolve.config.faults import fault_of
from nashforge.extras import require

SCHEMES = ("redis", "rediss", "amqp", "amqps")
BROKER = "NASHFORGE_BROKER"
_PREFIX = "NASHFORGE_"


class ServiceError(NashforgeError, RuntimeError):
    """The service cannot be used as asked. The text is one sentence and a remedy."""


class SettingsError(ServiceError):
    """The service is not set up as it must be: a setting is missing or not allowed."""

    exit_code = 2


class ServiceSettings(BaseModel):
    """Settings that every part of the service shares.

    Attributes
    ----------
    broker
        URL of Redis (``redis://``, ``rediss://`` with TLS) or RabbitMQ (``amqp://``, ``amqps://``).
    broker_ca, broker_cert, broker_key
        Files in PEM for TLS: who vouches for the broker (default: the system's authorities), and with what
        we show who we are.
    heartbeat_seconds
        How often a worker says that it is alive.
    stale_seconds
        An attempt whose worker was silent for so long is given up and made again.
    sweep_seconds
        How often workers look for such attempts, and for work that nobody was woken for.
    max_attempts
        After so many lost attempts the work has failed.
    visibility_seconds
        After so long Redis wakes another worker for a task that was not acknowledged. It must be longer than
        any evaluation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str
    broker_ca: Path | None = None
    broker_cert: Path | None = None
    broker_key: Path | None = None
    heartbeat_seconds: float = Field(default=5.0, gt=0)
    stale_seconds: float = Field(default=60.0, gt=0)
    sweep_seconds: float = Field(default=5.0, gt=0)
    max_attempts: int = Field(default=5, ge=1)
    visibility_seconds: float = Field(default=6 * 3600.0, gt=0)

    @field_validator("broker_ca", "broker_cert", "broker_key")
    @classmethod
    def _wherever_the_process_goes(cls, path: Path | None) -> Path | None:
        return None if path is None else path.absolute()

    @property
    def is_redis(self) -> bool:
        """Whether the broker is Redis."""
        return urlsplit(self.broker).scheme.startswith("redis")

    @property
    def shown_broker(self) -> str:
        """The broker's URL as it may be shown: without a password."""
        return shown_url(self.broker)

    def tls(self) -> dict[str, Any] | None:
        """Return what Celery is told about TLS, or None for a plain connection."""
        if urlsplit(self.broker).scheme not in ("rediss", "amqps"):
            return None
        names = (
            {"cert_reqs": "ssl_cert_reqs", "ca": "ssl_ca_certs", "cert": "ssl_certfile", "key": "ssl_keyfile"}
            if self.is_redis
            else {"cert_reqs": "cert_reqs", "ca": "ca_certs", "cert": "certfile", "key": "keyfile"}
        )
        found: dict[str, Any] = {names["cert_reqs"]: ssl.CERT_REQUIRED}
        authorities = self.broker_ca or ssl.get_default_verify_paths().cafile
        files = {"ca": authorities, "cert": self.broker_cert, "key": self.broker_key}
        found |= {names[what]: str(path) for what, path in files.items() if path is not None}
        if not self.is_redis:
            found["server_hostname"] = urlsplit(self.broker).hostname
        return found


def service_settings(
    broker: str | None = None, environment: Mapping[str, str] = os.environ, **given: Any
) -> ServiceSettings:
    """Return settings: what is given, over the environment's ``NASHFORGE_...``, over the defaults.

    Raises
    ------
    SettingsError
        If no broker is named, or a value is not allowed.
    nashforge.extras.MissingExtraError
        If the libraries of the service are not installed.
    """
    require("service", "a pool of workers")
    values: dict[str, Any] = {}
    for name in ServiceSettings.model_fields:
        text = environment.get(_PREFIX + name.upper())
        if text:
            values[name] = text
    values |= {name: value for name, value in {"broker": broker, **given}.items() if value is not None}
    if "broker" not in values:
        raise SettingsError(
            f"no broker is named; give --broker redis://HOST/0 or amqp://USER:PASSWORD@HOST//, or set "
            f"{BROKER}, or try everything on this machine with `nashforge service up`"
        )
    values["broker"] = str(values["broker"]).strip()
    try:
        settings = ServiceSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{name} = {first['input']!r} is not a setting of the service: {fault_of(first)}; change "
            f"the option or {_PREFIX}{name.upper()}"
        ) from error
    _check(settings)
    return settings


def _check(settings: ServiceSettings) -> None:
    try:
        parts = urlsplit(settings.broker)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        # A password with a slash ends the host's part too early.
        known = known and "@" not in parts.path
        if settings.is_redis:  # its databases have numbers
            number = parts.path.strip("/") or "0"
            known = known and number.isascii() and number.isdecimal()
    except ValueError:
        known = False
    if not known:
        raise SettingsError(
            f"the broker {shown_url(settings.broker)!r} is not a URL of a supported kind; give "
            "redis://HOST:PORT/0, rediss://..., amqp://USER:PASSWORD@HOST:PORT// or amqps://..."
        )
    if settings.stale_seconds < 2 * settings.heartbeat_seconds:
        raise SettingsError(
            f"stale_seconds = {settings.stale_seconds:g} is less than two heartbeats "
            f"({settings.heartbeat_seconds:g} s each), so live workers would be taken for dead; raise it"
        )
    for path in (settings.broker_ca, settings.broker_cert, settings.broker_key):
        if path is not None and not path.is_file():
            raise SettingsError(f"the file {path} for TLS does not exist; check the path")
