"""A server on this machine that speaks the protocols of Anthropic, Google and OpenAI, with faults on request.

It answers from a script and counts tokens by itself, so that what Nashforge books can be compared with what
the server would charge. Used by the tests and by the benchmarks; ``python -m benchmarks.model_server`` runs
it alone, answering with edits of the program that it is shown.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = (
    "rate_limit",
    "overloaded",
    "unavailable",
    "stall",
    "drop",
    "garbage",
    "refusal",
    "truncated",
    "empty",
)
TURNED_AWAY = ("rate_limit", "overloaded", "unavailable", "forbidden", "bad_request")
"""Replies that are charged by nobody."""
LOST = ("stall", "drop", "garbage")
"""Replies that are charged and do not arrive whole."""


@dataclass(frozen=True)
class Ask:
    """A request as it came in."""

    number: int
    provider: str
    model: str
    system: str
    user: str
    max_output: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def program(self) -> str:
        """The current program that the prompt shows."""
        text = self.user.rpartition("# The current program")[2] or self.user
        return text.partition("```python\n")[2].partition("\n```")[0] + "\n"


@dataclass(frozen=True)
class Reply:
    """What to do with a request: a text, or the name of a fault."""

    text: str = ""
    fault: str | None = None
    retry_after: float | None = None


@dataclass
class Tally:
    """What the server would charge."""

    requests: int = 0
    delivered: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    calls_lost: int = 0
    calls_delivered: int = 0


def tokens(text: str) -> int:
    """Return how many tokens the server counts for a text."""
    return len(text.encode()) // 3 + 1


class ModelServer:
    """Answers on a free port of this machine until it is closed.

    Parameters
    ----------
    script
        Called with every request; says what to reply. Calls come from several threads.
    stall_seconds
        How long a stalled answer is held before the connection is closed.
    """

    def __init__(self, script: Callable[[Ask], Reply], *, port: int = 0, stall_seconds: float = 30.0) -> None:
        self.tally = Tally()
        self.asks: list[Ask] = []
        self.keep_asks = True
        self._script, self._stall = script, stall_seconds
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server._serve(self)

            def log_message(self, *_arguments: object) -> None:
                return None

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_arguments: object) -> None:
                return None  # a client that gave up

        Handler.disable_nagle_algorithm = True
        self._http = Quiet(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop; answers that are held are dropped."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        ask = self._read(handler, body)
        reply = self._script(ask)
        fault = reply.fault
        if fault in TURNED_AWAY:
            with self._lock:
                self.tally.faults[fault] += 1
            self._turn_away(handler, ask.provider, reply)
            return
        usage = self._count(ask, reply)
        answer = json.dumps(_SHAPES[ask.provider](ask, reply, usage)).encode()
        with self._lock:
            if fault:
                self.tally.faults[fault] += 1
            if fault in LOST:
                self.tally.lost.update(usage)
                self.tally.calls_lost += 1
            else:
                self.tally.delivered.update(usage)
                self.tally.calls_delivered += 1
        if fault == "garbage":
            answer = answer[: len(answer) // 2] + b'\x00{"'
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        if fault in ("stall", "drop"):
            handler.wfile.write(answer[: len(answer) // 2])
            handler.wfile.flush()
            if fault == "stall":
                self._closing.wait(self._stall)
            handler.close_connection = True
            return
        handler.wfile.write(answer)

    def _read(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> Ask:
        if handler.path.startswith("/v1/messages"):
            provider, model = "anthropic", str(body["model"])
            system = "".join(block["text"] for block in body["system"])
            user = str(body["messages"][0]["content"])
            limit = int(body["max_tokens"])
        elif handler.path.startswith("/v1/chat/completions"):
            provider, model = "openai", str(body["model"])
            system, user = (str(message["content"]) for message in body["messages"])
            limit = int(body.get("max_tokens") or body["max_completion_tokens"])
        else:
            provider, model = "google", handler.path.partition("/models/")[2].partition(":")[0]
            system = "".join(part["text"] for part in body["systemInstruction"]["parts"])
            user = "".join(part["text"] for part in body["contents"][0]["parts"])
            limit = int(body["generationConfig"]["maxOutputTokens"])
        with self._lock:
            number = self.tally.requests
            self.tally.requests += 1
            ask = Ask(number, provider, model, system, user, limit, dict(handler.headers), body)
            if self.keep_asks:
                self.asks.append(ask)
        return ask

    def _count(self, ask: Ask, reply: Reply) -> dict[str, int]:
        with self._lock:
            known = ask.system in self._seen
            self._seen.add(ask.system)
        system = tokens(ask.system)
        return {
            "input": tokens(ask.user) + (0 if known or ask.provider == "anthropic" else system),
            "cached": system if known else 0,
            "cache_write": system if ask.provider == "anthropic" and not known else 0,
            "output": min(tokens(reply.text), ask.max_output),
        }

    def _turn_away(self, handler: BaseHTTPRequestHandler, provider: str, reply: Reply) -> None:
        code = {"rate_limit": 429, "unavailable": 503, "forbidden": 401, "bad_request": 400}.get(
            reply.fault or "", 0
        )
        code = code or (529 if provider == "anthropic" else 503)
        message = f"scripted: {reply.fault}"
        error: dict[str, Any] = {"type": "error", "error": {"type": "api_error", "message": message}}
        if provider == "google":
            error = {"error": {"code": code, "message": message, "status": "UNAVAILABLE"}}
        answer = json.dumps(error).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(answer)))
        if reply.retry_after is not None:
            handler.send_header("Retry-After", str(reply.retry_after))
        handler.end_headers()
        handler.wfile.write(answer)


def _anthropic(ask: Ask, reply: Reply, usage: dict[str, int]) -> dict[str, Any]:
    reasons = {"refusal": "refusal", "truncated": "max_tokens"}
    text = "" if reply.fault in ("empty", "refusal") else reply.text
    return {
        "id": f"msg_{ask.number}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": reasons.get(reply.fault or "", "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["input"],
            "cache_read_input_tokens": usage["cached"],
            "cache_creation_input_tokens": usage["cache_write"],
            "output_tokens": usage["output"],
            "output_tokens_details": {"thinking_tokens": usage["output"] // 3},
        },
    }


def _google(ask: Ask, reply: Reply, usage: dict[str, int]) -> dict[str, Any]:
    reasons = {"refusal": "SAFETY", "truncated": "MAX_TOKENS"}
    text = "" if reply.fault in ("empty", "refusal") else reply.text
    thoughts = usage["output"] // 3
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}] if text else []},
                "finishReason": reasons.get(reply.fault or "", "STOP"),
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": usage["input"] + usage["cached"],
            "cachedContentTokenCount": usage["cached"],
            "candidatesTokenCount": usage["output"] - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": usage["input"] + usage["cached"] + usage["output"],
        },
        "modelVersion": ask.model,
    }


def _openai(ask: Ask, reply: Reply, usage: dict[str, int]) -> dict[str, Any]:
    reasons = {"refusal": "content_filter", "truncated": "length"}
    text = "" if reply.fault in ("empty", "refusal") else reply.text
    return {
        "id": f"chatcmpl-{ask.number}",
        "object": "chat.completion",
        "created": 0,
        "model": ask.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": reasons.get(reply.fault or "", "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": usage["input"] + usage["cached"],
            "completion_tokens": usage["output"],
            "total_tokens": usage["input"] + usage["cached"] + usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage["cached"]},
            "completion_tokens_details": {"reasoning_tokens": usage["output"] // 3},
        },
    }


_SHAPES: dict[str, Callable[[Ask, Reply, dict[str, int]], dict[str, Any]]] = {
    "anthropic": _anthropic,
    "google": _google,
    "openai": _openai,
}


def another_number(ask: Ask) -> Reply:
    """Reply with an edit of the last line of the program that the prompt shows: another number is returned.

    One in twenty is larger than 1.
    """
    line = next(line for line in ask.program.splitlines()[::-1] if line.strip())
    indent = line[: len(line) - len(line.lstrip())]
    value = (7919 * ask.number % 1000) / 950
    edit = f"<<<<<<< SEARCH\n{line}\n=======\n{indent}return {value} + {ask.number}e-9\n>>>>>>> REPLACE"
    return Reply(f"Variant {ask.number} returns another number.\n\n{edit}\n")


RULE = '''"""CFR+ whose average weighs iteration t by t^{power}."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Variant(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def weights(self, t, policy, reach):
        return 1, t**{power}

    def policy(self, t):
        return self.infosets.normalize(self.regret)
'''


def new_rule(ask: Ask) -> Reply:
    """Reply with a whole CFR rule, another one for every request."""
    source = RULE.format(power=round(0.5 + 0.0173 * ask.number, 4))
    return Reply(f"Weigh iterations by another power.\n\n```python\n{source}```\n")


def main() -> None:
    """Serve edits until standard input ends."""
    with ModelServer(another_number) as server:
        server.keep_asks = False
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
