"""Models behind commands: scripted ones that answer, hang, crash, write too much, and look for keys."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import CallStatus
from nashforge.evolve.config.consent import OWN_ADDRESS
from nashforge.evolve.config.model_names import Model, ModelError, key_of, parse_model
from nashforge.evolve.proposers.llm.prices import Price, Usage
from nashforge.evolve.proposers.llm.providers import cli, connect
from nashforge.evolve.proposers.llm.providers.base import Prompt, Uncertain
from nashforge.evolve.service.model_requests import _connect
from tests.processes import is_alive

PROMPT = Prompt("You design rules.", "Improve this secret program.")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Model]:
    """Return a function that puts a Python script on the path as a program, and names it as a model."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(body: str, name: str = "fakemodel", words: str = "") -> Model:
        program = folder / name
        program.write_text(f"#!{sys.executable}\nimport json, os, subprocess, sys, time\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return parse_model(f"cli:{name}{words}")

    return make


def ask(model: Model, seconds: float = 60.0) -> Any:
    async def once() -> Any:
        async with asyncio.timeout(seconds):
            return await connect(model, 0).ask(PROMPT, 300)

    return asyncio.run(once())


def test_a_prompt_comes_on_standard_input_or_in_a_file_and_in_no_argument(command):
    echo = "print(json.dumps([sys.argv[1:], sys.stdin.read()]))"
    words, given = json.loads(ask(command(echo)).text)
    assert (words, given) == ([], "You design rules.\n\nImprove this secret program.\n")
    read = "p = sys.argv[1]; print(json.dumps([p, open(p).read(), oct(os.stat(p).st_mode & 0o777)]))"
    file, given, mode = json.loads(ask(command(read, words=" {prompt_file}")).text)
    assert "secret" in given
    assert "secret" not in file
    assert mode == "0o600"
    assert not Path(file).exists()


def test_a_command_sees_no_key_and_works_in_an_empty_folder(command, monkeypatch):
    for name in (
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "GEMINI_API_KEY",
        "NASHFORGE_DATABASE",
        "GITHUB_TOKEN",
    ):
        monkeypatch.setenv(name, "secret-of-the-environment")
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "subscription")
    told = ask(command("print(json.dumps([dict(os.environ), os.getcwd(), os.listdir()]))"))
    environment, folder, files = json.loads(told.text)
    assert "secret-of-the-environment" not in environment.values()
    assert environment["CLAUDE_CODE_OAUTH_TOKEN"] == "subscription"
    assert folder != os.getcwd()
    assert files == ["prompt.md"]


def test_claude_says_tokens_and_dollars(command):
    said = {
        "type": "result", "subtype": "success", "is_error": False, "result": "Hello.", "total_cost_usd": 0.25,
        "usage": {
            "input_tokens": 3, "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 7, "output_tokens": 11,
        },
    }  # fmt: skip
    model = command(f"print({json.dumps(said)!r})", "claude")
    answer = ask(model)
    assert (answer.status, answer.text) == (CallStatus.OK, "Hello.")
    assert answer.usage == Usage(3, 7, 5, 11, 0, 0.25)
    # What is reported counts, whatever a list says.
    assert Price(input=1000, output=1000).cost(answer.usage) == 0.25
    failed = command(
        f"print({json.dumps({**said, 'is_error': True, 'result': 'limit reached'})!r})", "claude"
    )
    assert (ask(failed).status, ask(failed).usage.dollars) == (CallStatus.INVALID, 0.25)
    assert "limit reached" in ask(failed).reason


def test_codex_says_tokens_by_events(command):
    events = [
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.completed", "item": {"type": "reasoning", "text": "hm"}},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Hello."}},
        {
            "type": "turn.completed",
            "usage": {
                "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 6, "reasoning_output_tokens": 2
            },
        },
    ]  # fmt: skip
    lines = "\n".join(map(json.dumps, events))
    answer = ask(command(f"print({lines!r})", "codex"))
    assert (answer.status, answer.text) == (CallStatus.OK, "Hello.")
    assert answer.usage == Usage(6, 4, 0, 6, 2)
    failed = json.dumps({"type": "turn.failed", "error": {"message": "no more quota"}})
    with pytest.raises(Uncertain, match="no more quota"):
        ask(command(f"print({failed!r}); sys.exit(1)", "codex"))


def test_other_commands_are_booked_as_calls(command):
    assert ask(command("print('Hello.')")).usage == Usage()
    assert ask(command("")).status is CallStatus.INVALID


def test_a_crash_is_told_with_its_last_words(command):
    with pytest.raises(Uncertain, match="exit code 3: it burns"):
        ask(command("print('x' * 9999, file=sys.stderr); print('it burns', file=sys.stderr); sys.exit(3)"))
    with pytest.raises(Uncertain, match="signal 9"):
        ask(command("os.kill(os.getpid(), 9)"))


def test_what_writes_without_end_is_cut_off(command, monkeypatch):
    monkeypatch.setattr(cli, "MOST_OUTPUT", 1 << 20)
    with pytest.raises(Uncertain, match="more than 1 MiB"):
        ask(command("while True: sys.stdout.write('x' * 65536)"))


def test_the_whole_process_group_is_killed_at_the_deadline(command, tmp_path):
    note = tmp_path / "pids"
    body = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    model = command(body)

    async def once() -> None:
        asked = asyncio.create_task(connect(model, 0).ask(PROMPT, 300))
        while not note.exists() or not note.read_text():
            await asyncio.sleep(0.02)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(once())
    deadline = time.monotonic() + 60
    while any(map(is_alive, note.read_text().split())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, note.read_text().split()))


def test_commands_are_looked_for_before_a_run_begins(command):
    with pytest.raises(ModelError, match="needs the program 'no-such-model'"):
        cli.probe(parse_model("cli:no-such-model --x"))
    told = cli.probe(command("print('2.1.3 (Fake)')", "claude"))
    assert "(2.1.3 (Fake))" in told
    assert "its own login is used" in told
    with pytest.raises(ModelError, match="said not logged in"):
        cli.probe(command("print('not logged in', file=sys.stderr); sys.exit(1)", "codex"))
    assert key_of(parse_model("cli:claude")).value == ""
    for wrong in ("cli:", "cli: ", "cli:x" + "y" * 100):
        with pytest.raises(ModelError, match="names no command"):
            parse_model(wrong)


def test_no_file_and_no_queue_has_a_command_run():
    complaint = OWN_ADDRESS.complaint("cli:'rm -rf' {prompt_file}")
    assert complaint is not None
    assert "which you have not named" in complaint
    with pytest.raises(ModelError, match="workers run none"):
        _connect(parse_model("cli:claude"), 0)
