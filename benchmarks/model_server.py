"""A server on this machine that speaks the protocols of Anthropic, Google and OpenAI, with faults on request.

It answers from a script and counts tokens by itself, so that what Nashforge books can be compared with what
the server would charge. What it said when it called a tool must come back unchanged, with an answer to each
call, or the request is turned away, as the providers do. Used by the tests and by the benchmarks;
``python -m benchmarks.model_server`` runs it alone, answering with edits of the program that it is shown.
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

from benchmarks.model_wire import (
    SHAPES,
    Ask,
    Call,
    Reply,
    Result,
    Usage,
    calls_in,
    canonical,
    read,
    said_of,
)

__all__ = ["Ask", "Call", "ModelServer", "Reply", "Result"]

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
TURNED_AWAY = ("rate_limit", "overloaded", "unavailable", "forbidden", "bad_request", "no_tools")
"""Replies that are charged by nobody."""
LOST = ("stall", "drop", "garbage")
"""Replies that are charged and do not arrive whole."""


@dataclass
class Tally:
    """What the server would charge."""

    requests: int = 0
    delivered: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    calls_lost: int = 0
    calls_delivered: int = 0
    thinking: int = 0
    """Of the output that was delivered."""


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
        self._seen: set[tuple[str, ...]] = set()
        self._said: dict[str, int] = {}
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
        wrong = self._changed(ask)
        reply = Reply(fault="bad_request", message=wrong) if wrong else self._script(ask)
        fault = reply.fault
        if fault in TURNED_AWAY:
            with self._lock:
                self.tally.faults[fault] += 1
            self._turn_away(handler, ask.provider, reply)
            return
        usage = self._count(ask, reply)
        thinking = usage["thinking"]
        response = SHAPES[ask.provider](ask, reply, usage)
        del usage["thinking"]
        answer = json.dumps(response).encode()
        with self._lock:
            self._said[canonical(said_of(ask.provider, response))] = usage["output"]
            if fault:
                self.tally.faults[fault] += 1
            if fault in LOST:
                self.tally.lost.update(usage)
                self.tally.calls_lost += 1
            else:
                self.tally.delivered.update(usage)
                self.tally.thinking += thinking
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
        with self._lock:
            number = self.tally.requests
            self.tally.requests += 1
            ask = read(number, handler.path, dict(handler.headers), body)
            if self.keep_asks:
                self.asks.append(ask)
        return ask

    def _changed(self, ask: Ask) -> str:
        """Say what is wrong with a conversation; nothing, if it is as it was."""
        for said, results in zip(ask.said, ask.results, strict=True):
            if said is not None and canonical(said) not in self._said:
                return f"what the model said came back changed: {json.dumps(said)[:2000]}"
            wanted, there = calls_in(ask.provider, said), [(told.id, told.name) for told in results]
            if wanted != there:
                return f"the model called {wanted}, and was answered {there}"
        return ""

    def _count(self, ask: Ask, reply: Reply) -> Usage:
        """Return what a request takes: equal beginnings are cached, of Anthropic's those that are marked."""
        first = json.dumps(ask.body.get("tools", ""), sort_keys=True)
        sizes = [tokens(ask.system) + (tokens(first) if ask.tools else 0), tokens(ask.user)]
        texts = [first + ask.system, ask.user]
        with self._lock:
            for said, results in zip(ask.said, ask.results, strict=True):
                texts += [canonical(said), json.dumps([told.text for told in results])]
                # What was thought is charged again, whatever was shown of it.
                sizes += [self._said.get(canonical(said), 0), tokens(texts[-1])]
            places = range(1, len(texts))
            if ask.provider == "anthropic":
                places = range(1, len(texts) + 1) if ask.marked else range(1, 2)
            begun = [place for place in places if (ask.provider, *texts[:place]) in self._seen]
            cached = sum(sizes[: max(begun, default=0)])
            marked = [places[0], places[-1]] if ask.provider == "anthropic" else places
            self._seen |= {(ask.provider, *texts[:place]) for place in marked}
        written = sum(sizes[: places[-1]]) - cached if ask.provider == "anthropic" else 0
        said_now = reply.text + "".join(json.dumps([call.name, call.arguments]) for call in reply.calls)
        thought = tokens(reply.thought) if reply.thought else 0
        output = min(tokens(said_now) + thought, ask.max_output)
        return {
            "input": sum(sizes) - cached - written,
            "cached": cached,
            "cache_write": written,
            "output": output,
            "thinking": min(thought, output) if thought else output // 3,
        }

    def _turn_away(self, handler: BaseHTTPRequestHandler, provider: str, reply: Reply) -> None:
        codes = {"rate_limit": 429, "unavailable": 503, "forbidden": 401, "bad_request": 400, "no_tools": 400}
        code = codes.get(reply.fault or "", 529 if provider == "anthropic" else 503)
        message = reply.message or f"scripted: {reply.fault}"
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
