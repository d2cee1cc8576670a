"""Models behind a command of this machine, such as the command line of a coding agent with a subscription.

The prompt is given on standard input or in a file of its own, never among the arguments, which everybody on
the machine could read. The command runs in an empty folder, as a process group that is killed when the call
ends, however it ends; without keys of the environment, so that what it is logged in with is used, and nothing
is charged to a key unasked.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nashforge.archive.calls import CallStatus
from nashforge.evolve.config.model_names import Model, ModelError, may_hold_a_key
from nashforge.evolve.executors.local import SECRET
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.providers import wire
from nashforge.evolve.proposers.llm.providers.base import Answer, Prompt, Refused, Uncertain, plausible

COMMANDS = {
    "claude": "claude -p --output-format json",
    "codex": "codex exec --json --skip-git-repo-check --sandbox read-only -",
}
"""Commands that are known by a word: how they are asked for one answer, on standard input."""

KEPT = ("CLAUDE_CODE_OAUTH_TOKEN",)
"""What a subscription is used by, where it is not stored in a file."""

PROMPT_FILE = "{prompt_file}"
MOST_OUTPUT = 8 << 20
"""Bytes that a command may write."""

PROBE_SECONDS = 20.0
_ERRORS = 2000
_COUNTS = {
    "claude": ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"),
    "codex": ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens"),
}


class CommandProvider:
    """A model that is asked by running a command; see `connect`."""

    def __init__(self, model: Model) -> None:
        self._name, self._words = model.name, words_of(model)

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Run the command with a prompt, and read its answer; commands set the longest answer themselves."""
        text = f"{prompt.system}\n\n{prompt.user}\n"
        with tempfile.TemporaryDirectory(prefix="nashforge-prompt-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "prompt.md"
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8")
            by_file = any(PROMPT_FILE in word for word in self._words)
            words = [word.replace(PROMPT_FILE, str(file)) for word in self._words]
            code, output, errors = await _run(words, folder, b"" if by_file else text.encode())
        return _READERS.get(self._name, _plain)(code, output, errors)

    async def close(self) -> None:
        """Nothing stays open."""


def words_of(model: Model) -> list[str]:
    """Return the words of a model's command.

    Raises
    ------
    ModelError
        If they are ill-formed, or there is no such program.
    """
    command = COMMANDS.get(model.name, model.name)
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ModelError(f"the command {command!r} of {model.label} is ill-formed: {error}") from error
    if not words or shutil.which(words[0]) is None:
        what = words[0] if words else command
        raise ModelError(f"{model.label} needs the program {what!r}, which is not on the path; install it")
    return words


def probe(model: Model) -> str:
    """Return what a model's command is, after making sure that it can be run; it is asked nothing.

    Raises
    ------
    ModelError
        If it is not there, or those that are known by a word do not say their version.
    """
    words = words_of(model)
    place = shutil.which(words[0])
    stripped = "its keys in the environment are kept from it, so that its own login is used"
    if model.name not in COMMANDS:
        return f"{model.label} runs {place}; {stripped}"
    try:
        done = subprocess.run(
            [words[0], "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            env=environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(
            f"{model.label} cannot be run ({type(error).__name__}): try `{words[0]} --version`"
        ) from error
    version = " ".join(done.stdout.split())[:60]
    if done.returncode or not version:
        said = " ".join(done.stderr.split())[:200] or "nothing"
        raise ModelError(f"{model.label} does not run: `{words[0]} --version` said {said}")
    return f"{model.label} runs {place} ({version}); {stripped}"


def environment() -> dict[str, str]:
    """Return the environment of commands: without keys, tokens and passwords."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not (may_hold_a_key(name) or SECRET.search(name))
    }


async def _run(words: list[str], folder: str, given: bytes) -> tuple[int, bytes, str]:
    """Run a command; return its exit code, what it wrote, and the end of its complaints."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise Refused(f"{words[0]} cannot be run ({error.strerror or error})", fatal=True) from error
    watched = wire.current.get()
    if watched is not None:
        watched.sent, watched.open = watched.sent + 1, True
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        writing = asyncio.create_task(_write(process.stdin, given))
        complaints = asyncio.create_task(_end_of(process.stderr))
        output = await _bounded(process.stdout)
        code = await process.wait()
        await writing
        return code, output, await asyncio.wait_for(complaints, 5.0)
    except TimeoutError as error:
        raise Uncertain("the command left a process behind, which was killed") from error
    finally:
        # Also what the command has started itself, and when the call was given up.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
        for task in (writing, complaints):
            task.cancel()


async def _write(stream: asyncio.StreamWriter, given: bytes) -> None:
    # Whoever does not read its input to the end may answer all the same.
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(given)
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    parts, left = [], MOST_OUTPUT
    while part := await stream.read(1 << 16):
        left -= len(part)
        if left < 0:
            raise Uncertain(f"the command wrote more than {MOST_OUTPUT >> 20} MiB, and was killed")
        parts.append(part)
    return b"".join(parts)


async def _end_of(stream: asyncio.StreamReader) -> str:
    kept = b""
    while part := await stream.read(1 << 14):
        kept = (kept + part)[-_ERRORS:]
    return kept.decode("utf-8", "replace")


def _plain(code: int, output: bytes, errors: str) -> Answer:
    """Read a command that writes the answer and nothing else."""
    text = output.decode("utf-8", "replace")
    if code:
        raise Uncertain(_ended(code, errors or text))
    status = CallStatus.OK if text.strip() else CallStatus.INVALID
    return Answer(status, text, Usage(), None if text.strip() else "the command wrote nothing", {})


def _claude(code: int, output: bytes, errors: str) -> Answer:
    """Read one JSON object: ``result``, ``usage``, ``total_cost_usd``, ``is_error``."""
    found = [item for item in _objects(output) if item.get("type", "result") == "result"]
    if not found:
        raise Uncertain(_ended(code, errors or output.decode("utf-8", "replace")))
    said = found[-1]
    text = said.get("result") if isinstance(said.get("result"), str) else ""
    assert isinstance(text, str)
    usage = _usage(said.get("usage"), "claude", said.get("total_cost_usd"))
    raw = {name: value for name, value in said.items() if name != "result"}
    if said.get("is_error") or code:
        return Answer(CallStatus.INVALID, "", usage, _ended(code, text or errors), raw)
    if said.get("stop_reason") == "max_tokens":
        return Answer(CallStatus.TRUNCATED, text, usage, "the answer was cut off at the limit of tokens", raw)
    status = CallStatus.OK if text.strip() else CallStatus.INVALID
    return Answer(status, text, usage, None if text.strip() else "the answer was empty", raw)


def _codex(code: int, output: bytes, errors: str) -> Answer:
    """Read events: the last ``agent_message`` is the answer; ``turn.completed`` says the usage."""
    text, why, counts = "", "", None
    for event in _objects(output):
        item = event.get("item")
        if (
            event.get("type") == "item.completed"
            and isinstance(item, dict)
            and item.get("type") == "agent_message"
        ):
            text = str(item.get("text") or "")
        elif event.get("type") == "turn.completed":
            counts = event.get("usage")
        elif event.get("type") in ("turn.failed", "error"):
            error = event.get("error")
            why = str(error.get("message") if isinstance(error, dict) else event.get("message"))
    usage = _usage(counts, "codex", None)
    if code or (why and not text):
        if usage is None:
            raise Uncertain(_ended(code, why or errors))
        return Answer(CallStatus.INVALID, "", usage, _ended(code, why or errors), {})
    status = CallStatus.OK if text.strip() else CallStatus.INVALID
    reason = None if text.strip() else "the answer was empty"
    return Answer(status, text, usage or Usage(), reason, {"usage": counts})


_READERS = {"claude": _claude, "codex": _codex}


def _objects(output: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of an output: one a line, or all of it one."""
    text = output.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        whole = json.loads(text)
        yield from (
            item for item in (whole if isinstance(whole, list) else [whole]) if isinstance(item, dict)
        )
        return
    for line in text.splitlines():
        with suppress(ValueError, RecursionError):
            item = json.loads(line)
            if isinstance(item, dict):
                yield item


def _usage(raw: Any, command: str, dollars: Any) -> Usage | None:
    """Return what a command reports; None if it does not, or not plausibly."""
    counts = [(raw.get(name) or 0) if isinstance(raw, dict) else 0 for name in _COUNTS[command]]
    if not isinstance(raw, dict) or not all(map(plausible, counts)):
        return None
    read, cached, stored, written = counts
    if command == "codex":
        # Its count of the input includes what came from the cache, and that of the output what was thought.
        read = max(read - cached - stored, 0)
    thought = raw.get("reasoning_output_tokens") or 0
    known = isinstance(dollars, int | float) and not isinstance(dollars, bool) and 0 <= dollars < 1e6
    return Usage(
        read,
        cached,
        stored,
        written,
        min(thought, written) if plausible(thought) else 0,
        float(dollars) if known else None,
    )


def _ended(code: int, said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    quoted = "".join(letter for letter in (lines[-1] if lines else "") if letter.isprintable())[:300]
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the command ended with {how}" + (f": {quoted}" if quoted else "")
