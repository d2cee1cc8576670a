"""The wire forms of Anthropic, Google and OpenAI, as a server reads and writes them; see `model_server`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Usage = dict[str, int]


@dataclass(frozen=True)
class Call:
    """A call of a tool; arguments that are a text are sent as they are, where a protocol sends texts."""

    name: str
    arguments: Any


@dataclass(frozen=True)
class Result:
    """The answer to a call, as it came in."""

    id: str
    name: str
    text: str
    error: bool = False


@dataclass(frozen=True)
class Ask:
    """A request as it came in.

    Attributes
    ----------
    tools : tuple of str
        Names of the tools in it.
    calling : bool
        Whether one may be called.
    said : tuple
        What the model is said to have said so far.
    results : tuple of tuple of Result
        What each of that was answered.
    marked : bool
        Whether all of it is to be cached.
    """

    number: int
    provider: str
    model: str
    system: str
    user: str
    max_output: int
    headers: dict[str, str]
    body: dict[str, Any]
    tools: tuple[str, ...] = ()
    calling: bool = False
    said: tuple[Any, ...] = ()
    results: tuple[tuple[Result, ...], ...] = ()
    marked: bool = False

    @property
    def program(self) -> str:
        """The current program that the prompt shows."""
        text = self.user.rpartition("# The current program")[2] or self.user
        return text.partition("```python\n")[2].partition("\n```")[0] + "\n"


@dataclass(frozen=True)
class Reply:
    """What to do with a request: a text, calls of tools, or the name of a fault.

    Attributes
    ----------
    thought : str
        What is thought before; only its beginning is sent, with a signature.
    message : str
        What is said of a request that is turned away.
    """

    text: str = ""
    fault: str | None = None
    retry_after: float | None = None
    calls: tuple[Call, ...] = ()
    thought: str = ""
    message: str = ""

    @property
    def shown(self) -> str:
        """The text that is sent."""
        return "" if self.fault in ("empty", "refusal") else self.text


@dataclass
class _Read:
    system: str
    user: str
    limit: int
    tools: list[str] = field(default_factory=list)
    calling: bool = True
    said: list[Any] = field(default_factory=list)
    results: list[tuple[Result, ...]] = field(default_factory=list)
    marked: bool = False


def read(number: int, path: str, headers: dict[str, str], body: dict[str, Any]) -> Ask:
    """Return a request of any of the protocols."""
    if path.startswith("/v1/messages"):
        provider, model, found = "anthropic", str(body["model"]), _read_anthropic(body)
    elif path.startswith("/v1/chat/completions"):
        provider, model, found = "openai", str(body["model"]), _read_openai(body)
    else:
        model = path.partition("/models/")[2].partition(":")[0]
        provider, found = "google", _read_google(body)
    return Ask(
        number,
        provider,
        model,
        found.system,
        found.user,
        found.limit,
        headers,
        body,
        tuple(found.tools),
        bool(found.tools) and found.calling,
        tuple(found.said),
        tuple(found.results),
        found.marked,
    )


def _read_anthropic(body: dict[str, Any]) -> _Read:
    first, *others = [message["content"] for message in body["messages"]]
    user = first if isinstance(first, str) else "".join(block["text"] for block in first)
    found = _Read("".join(block["text"] for block in body["system"]), user, int(body["max_tokens"]))
    found.tools = [tool["name"] for tool in body.get("tools", ())]
    found.calling = body.get("tool_choice", {"type": "auto"})["type"] == "auto"
    found.said = others[::2]
    for said, answers in zip(others[::2], others[1::2], strict=True):
        names = {block["id"]: block["name"] for block in said if block["type"] == "tool_use"}
        found.results.append(
            tuple(
                Result(
                    block["tool_use_id"],
                    names[block["tool_use_id"]],
                    block["content"],
                    block.get("is_error", False),
                )
                for block in answers
            )
        )
    last = body["messages"][-1]["content"]
    found.marked = not isinstance(last, str) and "cache_control" in last[-1]
    return found


def _read_openai(body: dict[str, Any]) -> _Read:
    system, user, *others = body["messages"]
    limit = int(body.get("max_tokens") or body["max_completion_tokens"])
    found = _Read(str(system["content"]), str(user["content"]), limit)
    found.tools = [tool["function"]["name"] for tool in body.get("tools", ())]
    found.calling = body.get("tool_choice", "auto") == "auto"
    for message in others:
        if message["role"] == "assistant":
            found.said.append(message)
            found.results.append(())
            continue
        names = {call["id"]: call["function"]["name"] for call in found.said[-1]["tool_calls"]}
        name = message["tool_call_id"]
        told = Result(name, names[name], message["content"], message["content"].startswith("Error: "))
        found.results[-1] = (*found.results[-1], told)
    return found


def _read_google(body: dict[str, Any]) -> _Read:
    first, *others = body["contents"]
    found = _Read(
        "".join(part["text"] for part in body["systemInstruction"]["parts"]),
        "".join(part["text"] for part in first["parts"]),
        int(body["generationConfig"]["maxOutputTokens"]),
    )
    found.tools = [each["name"] for tool in body.get("tools", ()) for each in tool["functionDeclarations"]]
    mode = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode", "AUTO")
    found.calling = mode == "AUTO"
    for content in others:
        if content["role"] == "model":
            found.said.append(content)
            continue
        if len(found.said) == len(found.results):  # nothing that could be sent back came before
            found.said.append(None)
        found.results.append(tuple(map(_google_result, content["parts"])))
    return found


def _google_result(part: dict[str, Any]) -> Result:
    if "text" in part:
        return Result("", "", part["text"], True)
    told = part["functionResponse"]
    text = told["response"].get("error") or told["response"]["output"]
    return Result(told.get("id", ""), told["name"], text, "error" in told["response"])


# What is written.


def anthropic(ask: Ask, reply: Reply, usage: Usage) -> dict[str, Any]:
    """Return a response of Anthropic's Messages."""
    reasons = {"refusal": "refusal", "truncated": "max_tokens"}
    content: list[dict[str, Any]] = []
    if reply.thought:
        thought = {"thinking": reply.thought[:20], "signature": signature(ask.number)}
        content.append({"type": "thinking", **thought})
    if reply.shown:
        content.append({"type": "text", "text": reply.shown})
    content += [
        {
            "type": "tool_use",
            "id": f"toolu_{ask.number}_{k}",
            "name": call.name,
            "input": {} if reply.fault == "truncated" else call.arguments,
        }
        for k, call in enumerate(reply.calls)
    ]
    return {
        "id": f"msg_{ask.number}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": reasons.get(reply.fault or "", "tool_use" if reply.calls else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["input"],
            "cache_read_input_tokens": usage["cached"],
            "cache_creation_input_tokens": usage["cache_write"],
            "output_tokens": usage["output"],
            "output_tokens_details": {"thinking_tokens": usage["thinking"]},
        },
    }


def google(ask: Ask, reply: Reply, usage: Usage) -> dict[str, Any]:
    """Return a response of Google's generateContent."""
    reasons = {
        "refusal": "SAFETY",
        "truncated": "MAX_TOKENS",
        "malformed_call": "MALFORMED_FUNCTION_CALL",
    }
    parts: list[dict[str, Any]] = [{"text": reply.shown}] if reply.shown else []
    for k, call in enumerate(reply.calls):
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments}}
        if k or ask.number % 2:  # it is not always given
            part["functionCall"]["id"] = f"call-{ask.number}-{k}"
        if reply.thought and not k:
            part["thoughtSignature"] = signature(ask.number)
        parts.append(part)
    if reply.fault == "malformed_call":
        parts = []
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": parts},
                "finishReason": reasons.get(reply.fault or "", "STOP"),
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": usage["input"] + usage["cached"],
            "cachedContentTokenCount": usage["cached"],
            "candidatesTokenCount": usage["output"] - usage["thinking"],
            "thoughtsTokenCount": usage["thinking"],
            "totalTokenCount": usage["input"] + usage["cached"] + usage["output"],
        },
        "modelVersion": ask.model,
    }


def openai(ask: Ask, reply: Reply, usage: Usage) -> dict[str, Any]:
    """Return a response of OpenAI's Chat Completions."""
    reasons = {"refusal": "content_filter", "truncated": "length"}
    message: dict[str, Any] = {"role": "assistant", "content": reply.shown}
    if reply.thought:
        message["reasoning_content"] = reply.thought[:20]
    if reply.calls:
        message["content"] = reply.shown or None
        message["tool_calls"] = [
            {
                "id": f"call_{ask.number}_{k}",
                "type": "function",
                "function": {"name": call.name, "arguments": _as_text(call, reply.fault)},
            }
            for k, call in enumerate(reply.calls)
        ]
    usual = "tool_calls" if reply.calls else "stop"
    return {
        "id": f"chatcmpl-{ask.number}",
        "object": "chat.completion",
        "created": 0,
        "model": ask.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reasons.get(reply.fault or "", usual)}],
        "usage": {
            "prompt_tokens": usage["input"] + usage["cached"],
            "completion_tokens": usage["output"],
            "total_tokens": usage["input"] + usage["cached"] + usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage["cached"]},
            "completion_tokens_details": {"reasoning_tokens": usage["thinking"]},
        },
    }


def _as_text(call: Call, fault: str | None) -> str:
    text = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
    return text[: len(text) // 2] if fault == "truncated" else text


SHAPES: dict[str, Callable[[Ask, Reply, Usage], dict[str, Any]]] = {
    "anthropic": anthropic,
    "google": google,
    "openai": openai,
}


def signature(number: int) -> str:
    """Return the signature of a thought: with letters that JSON, URLs and Base64 write differently."""
    return base64.b64encode(b"\xfb\xff\xfe" + f"thought {number}".encode()).decode()


def said_of(provider: str, response: dict[str, Any]) -> Any:
    """Return what is to come back of a response with the results of its calls."""
    if provider == "anthropic":
        return response["content"]
    if provider == "google":
        content = response["candidates"][0]["content"]
        return content if content["parts"] else None
    message = response["choices"][0]["message"]
    calls = []
    for call in message.get("tool_calls", ()):
        text = call["function"]["arguments"]
        try:
            whole = "NaN" not in text and isinstance(json.loads(text), dict)
        except ValueError:
            whole = False
        calls.append({**call, "function": {**call["function"], "arguments": text if whole else "{}"}})
    return {**message, "tool_calls": calls}


def canonical(said: Any) -> str:
    """Return what was said in one spelling; of Base64 there are two."""
    return json.dumps(said, sort_keys=True).replace("-", "+").replace("_", "/")


def calls_in(provider: str, said: Any) -> list[tuple[str, str]]:
    """Return the identities and names of the calls in what was said."""
    if said is None:
        return [("", "")]
    if provider == "anthropic":
        return [(block["id"], block["name"]) for block in said if block["type"] == "tool_use"]
    if provider == "google":
        calls = [part["functionCall"] for part in said["parts"] if "functionCall" in part]
        return [(call.get("id", ""), call["name"]) for call in calls]
    return [(call["id"], call["function"]["name"]) for call in said["tool_calls"]]
