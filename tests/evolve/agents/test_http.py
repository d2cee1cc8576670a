"""The verbs over HTTP: a server of one run, agents that have its address and token, and nobody else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from nashforge.archive import Archive
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.http.client import RemoteCore, Unreachable
from nashforge.evolve.agents.http.guard import LARGEST_BODY
from nashforge.evolve.agents.http.secrets import own_secret, read_secret
from nashforge.evolve.agents.http.server import application
from nashforge.evolve.agents.telling import Bill

from .conftest import Agency, rule, until

SECRET = "a-secret-of-the-tests"
WHO = Who("far agent", "test 3")


class Served:
    """An application on a port of this machine."""

    def __init__(self, app: Any) -> None:
        self._bound = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._bound.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._bound]})
        self._thread.start()
        until(lambda: self._server.started)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._bound.close()


@pytest.fixture
def run(archive: Archive) -> Any:
    return archive.runs.create("cfr", seed=1, config={}, nickname="served")


@pytest.fixture
def served(archive: Archive, run: Any) -> Iterator[Served]:
    made = Served(application(archive, run, SECRET))
    yield made
    made.close()


@pytest.fixture
def post(served: Served) -> Iterator[Any]:
    with httpx2.Client(trust_env=False, base_url=served.address) as client:

        def send(path: str, body: Any = None, secret: str | None = SECRET, **options: Any) -> Any:
            headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return client.request(
                options.pop("method", "POST"), path, content=content, headers=headers, **options
            )

        yield send


def question(**more: Any) -> dict[str, Any]:
    return {"author": "far agent", "client": "test 3"} | more


def test_only_those_who_have_the_token_are_answered(post: Any) -> None:
    assert post("/v1/notes", question(add="regrets alternate")).status_code == 200
    for wrong in (None, "x", SECRET + "x", SECRET[:-1], SECRET.upper()):
        answer = post("/v1/notes", question(), secret=wrong)
        assert answer.status_code == 401, wrong
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "regrets" not in answer.text
    assert post("/nothing", question(), secret=None).status_code == 401, "paths are not told to strangers"


def test_nothing_but_the_verbs_is_there(post: Any) -> None:
    for path in ("/", "/v1", "/v1/runs", "/docs", "/openapi.json", "/v1/ask/", "/../etc/passwd"):
        answer = post(path, question())
        assert (answer.status_code, answer.json()) == (404, {"error": "there is no such path here"}), path
    assert post("/v1/ask", method="GET").status_code == 405


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"author": "a"}', b'{"author": "a", "client": "b", "other": 1}']
    + [json.dumps(question(wait=wait)).encode() for wait in (-1, 1e9, float("nan"), "x")],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(post: Any, body: bytes) -> None:
    answer = post("/v1/ask", body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("the question cannot be read")
    assert "Traceback" not in answer.text


def test_all_that_is_wrong_with_a_question_is_told_at_once(post: Any) -> None:
    answer = post("/v1/tell", {"token": 5, "program": "x"})
    assert answer.json()["error"] == (
        "the question cannot be read: author: field required; client: field required; token: input should be "
        "a valid string; program: extra inputs are not permitted"
    )


def test_bodies_are_bounded_whatever_they_say_of_their_length(post: Any, served: Served) -> None:
    assert post("/v1/tell", b"x" * (LARGEST_BODY + 1)).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 100_000 + 2):
            yield b"x" * 100_000

    answer = httpx2.post(
        f"{served.address}/v1/tell",
        content=pieces(),
        headers={"authorization": f"Bearer {SECRET}"},
        trust_env=False,
    )
    assert answer.status_code == 413


def test_a_failure_of_the_server_tells_nothing(
    post: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nashforge.evolve.agents.core import LocalCore

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a password in /etc")

    monkeypatch.setattr(LocalCore, "context", fail)
    answer = post("/v1/context", question())
    assert (answer.status_code, answer.json()) == (500, {"error": "the server failed; its log says how"})
    told = capsys.readouterr().err
    assert "RuntimeError" in told
    assert "a password in /etc" in told


def test_other_runs_cannot_be_reached(post: Any, archive: Archive, run: Any) -> None:
    other = archive.runs.create("cfr", seed=2, config={}, nickname="other")
    archive.notes.add(other, "a secret")
    for name in ("other", str(other.id), "o", "no such"):
        answer = post("/v1/notes", question(run=name))
        assert answer.status_code == 400
        assert answer.json()["error"] == f"there is no run {name!r} here; this server serves served"
    archive.notes.add(run, "open")
    for name in ("latest", "served", "serv"):
        assert [note["text"] for note in post("/v1/notes", question(run=name)).json()["notes"]] == ["open"]
    assert post("/v1/give-up", question(token="none")).status_code == 404


def test_an_agent_finds_a_better_rule_with_an_address_and_a_token_alone(agency: Agency) -> None:
    agency.start(max_evaluations=3, lookahead=1)
    served = Served(application(agency.archive, agency.run, SECRET))
    core = RemoteCore(served.address, SECRET, WHO)
    try:
        core.notes("latest", "prediction helps")
        asked = core.ask("latest", wait=600)
        [task] = asked.tasks
        assert "prediction helps" in task.prompt
        told = core.tell(task.token, rule("pcfr_plus"), note="predicts", bill=Bill("m", 5, 6, 0.5), wait=600)
        assert (told.status, told.new_best) == ("ok", True)
        assert told.fitness is not None
        assert task.parent.fitness is not None
        assert told.fitness > task.parent.fitness
        # The budget and how many requests wait are of the moment.
        moment = {"budget", "queue", "taken"}
        assert core.tell(task.token, None).model_dump(exclude=moment) == told.model_dump(exclude=moment)
        assert core.status("latest").budget.left == 1
        assert rule("pcfr_plus") in core.context("latest")
        [held] = core.ask("latest", wait=600, interface=asked.interface.hash).tasks
        assert core.give_up(held.token).freed
        with pytest.raises(AgentError, match="given up"):
            core.tell(held.token, rule("dcfr"))
        [last] = core.ask("latest").tasks
        assert core.tell(last.token, rule("dcfr"), wait=600).status == "ok"
        agency.join()
        assert core.ask("latest", wait=60).stop_reason == "max_evaluations"
        candidate = agency.archive.candidates.of(agency.run)[1]
        assert {name: candidate.data[name] for name in ("author", "client")} == {
            "author": "far agent",
            "client": "test 3",
        }
    finally:
        core.close()
        served.close()


def test_who_hangs_up_holds_nothing(agency: Agency) -> None:
    agency.start(max_evaluations=2, lookahead=1)
    agency.core.give_up(agency.task().token)
    held = agency.task()  # so that the question waits
    served = Served(application(agency.archive, agency.run, SECRET))
    try:
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(
                f"{served.address}/v1/ask",
                json=question(wait=50),
                headers={"authorization": f"Bearer {SECRET}"},
                timeout=1.0,
                trust_env=False,
            )
        agency.core.give_up(held.token)
        [mine] = agency.core.ask("agents", wait=20).tasks
        assert mine.index == held.index
    finally:
        served.close()


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    core = RemoteCore(address, SECRET, WHO)
    with pytest.raises(Unreachable, match="is not running there, or it still waits for its run"):
        core.ask("latest")
    for patient in (lambda: core.tell("token", "text", wait=1.0), lambda: core.ask("latest", wait=1.0)):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            patient()
        assert time.monotonic() - began >= 1.0, "it was waited for"
    core.close()
    for wrong in ("127.0.0.1:80", "ftp://x", "http://", "http://user:pass@x"):
        with pytest.raises(AgentError, match="no address"):
            RemoteCore(wrong, SECRET, WHO)


def test_token_files_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    secret, made = own_secret(file)
    assert made
    assert len(secret) >= 43
    assert file.stat().st_mode & 0o777 == 0o600
    assert own_secret(file) == (secret, False)
    assert read_secret(file) == secret
    file.chmod(0o604)
    with pytest.raises(AgentError, match="chmod 600"):
        own_secret(file)
    for text in ("", "short", "two words of a secret", "é" * 20):
        file.write_text(text)
        with pytest.raises(AgentError, match="holds no token"):
            read_secret(file)
    with pytest.raises(AgentError, match=r"has not started yet .* or the path is wrong"):
        read_secret(tmp_path / "none")
    with pytest.raises(AgentError, match="cannot be read"):
        read_secret(tmp_path)
    with pytest.raises(AgentError, match="cannot be made"):
        own_secret(tmp_path / "no" / "token")
