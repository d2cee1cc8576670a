"""Keys reach the address that they are for, and nobody on the way; checked with servers that write down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from nashforge.evolve.config.model_names import KEYS, ModelError, key_of, parse_model, without_keys
from nashforge.evolve.executors.local import SECRET
from nashforge.evolve.proposers.llm.providers import connect
from nashforge.evolve.proposers.llm.providers.base import CallFailed, Prompt, Provider
from nashforge.evolve.service.model_requests import _connect
from nashforge.evolve.service.worker import forget_keys

SECRETS = {
    "ANTHROPIC_API_KEY": "secret-of-anthropic",
    "ANTHROPIC_AUTH_TOKEN": "secret-of-a-bearer",
    "ANTHROPIC_CUSTOM_HEADERS": "x-gateway: secret-of-a-gateway\nAuthorization: Bearer secret-of-a-header",
    "ANTHROPIC_IDENTITY_TOKEN": "secret-of-an-identity",
    "ANTHROPIC_WEBHOOK_SIGNING_KEY": "secret-of-a-webhook",
    "ANTHROPIC_FOUNDRY_API_KEY": "secret-of-a-foundry",
    "AWS_BEARER_TOKEN_BEDROCK": "secret-of-the-bedrock",
    "GOOGLE_API_KEY": "secret-of-google",
    "GEMINI_API_KEY": "secret-of-gemini",
    "GOOGLE_GENAI_ACCESS_TOKEN": "secret-of-an-access",
    "OPENAI_API_KEY": "secret-of-openai",
    "OPENAI_ADMIN_KEY": "secret-of-an-admin",
    "OPENAI_CUSTOM_HEADERS": "x-openai-gateway: secret-of-another-gateway",
    "OPENAI_WEBHOOK_SECRET": "secret-of-a-hook",
    "GOOGLE_GENAI_DEFAULT_HEADERS": "x-more: secret-of-a-default",
}
"""What the libraries of the providers read from the environment."""


class Listener:
    """A server that turns everything away and keeps what it was sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(f"{self.command} {self.path}\n{self.headers}")
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(400)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_CONNECT = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listen() -> Iterator[Callable[[], Listener]]:
    made: list[Listener] = []

    def start() -> Listener:
        made.append(Listener())
        return made[-1]

    yield start
    for listener in made:
        listener.close()


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def ask(make: Callable[[], Provider]) -> None:
    async def once() -> None:
        provider = make()
        try:
            with pytest.raises(CallFailed):
                await provider.ask(Prompt("a", "b"), 10)
        finally:
            await provider.close()

    asyncio.run(once())


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("provider", ["anthropic", "google", "openai"])
@pytest.mark.parametrize("named_by", ["argument", "environment"])
def test_a_proxy_sees_no_key_for_this_machine(listen, monkeypatch, secrets, provider, host, named_by):
    model_server, proxy = listen(), listen()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    url = f"http://{host}:{model_server.port}"
    if named_by == "environment":
        monkeypatch.setenv(
            {
                "anthropic": "ANTHROPIC_BASE_URL",
                "google": "GOOGLE_GEMINI_BASE_URL",
                "openai": "OPENAI_BASE_URL",
            }[provider],
            url,
        )
        model = parse_model(f"{provider}:m")
    else:
        model = parse_model(f"{provider}:m@{url}")
    ask(lambda: connect(model, 0))
    assert proxy.heard == []
    (heard,) = model_server.heard
    mine = {"anthropic": "secret-of-a-gateway", "google": "secret-of-google", "openai": "secret-of-openai"}
    assert mine[provider] in heard
    # A server is shown the key that is for it, and no other.
    others = [secret for name, secret in SECRETS.items() if not name.startswith(provider.upper())]
    assert provider == "google" or not any(secret in heard for secret in others)


@pytest.mark.parametrize("provider", ["anthropic", "google", "openai"])
def test_an_address_from_the_queue_is_shown_nothing_of_the_environment(listen, secrets, provider):
    listener = listen()
    ask(lambda: _connect(parse_model(f"{provider}:m@http://127.0.0.1:{listener.port}"), 0))
    (heard,) = listener.heard
    assert "secret" not in heard


def test_headers_of_the_environment_are_a_key(listen, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-gateway-key: secret-of-a-gateway")
    with pytest.raises(ModelError, match="ANTHROPIC_CUSTOM_HEADERS") as caught:
        key_of(parse_model("anthropic:m@http://10.1.2.3"))
    assert "secret" not in str(caught.value)
    model = parse_model("anthropic:m@https://gate.example")
    assert key_of(model).headers == {"x-gateway-key": "secret-of-a-gateway"}
    assert "secret" not in repr(key_of(model))
    assert key_of(parse_model("google:m@http://10.1.2.3")).headers == {}


def test_a_password_in_the_address_of_the_environment_is_not_shown(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "secret-of-google")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://me:hunter2@gate.example/v1")
    with pytest.raises(ModelError, match=r"gate\.example") as caught:
        key_of(parse_model("google:m"))
    assert "hunter2" not in str(caught.value)


def test_every_secret_is_masked_kept_from_programs_and_forgotten(monkeypatch, secrets):
    words = "secret-of-a-gateway secret-of-a-header secret-of-a-default"
    text = "; ".join(["server said", *SECRETS.values(), words])
    assert "secret-of" not in without_keys(text)
    assert all(SECRET.search(name) for name in SECRETS)
    assert set(forget_keys()) >= set(SECRETS)
    assert {name for names in KEYS.values() for name in names}.isdisjoint(forget_keys())
