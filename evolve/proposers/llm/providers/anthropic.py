"""Models that speak Anthropic's Messages protocol, through the ``anthropic`` library."""

from __future__ import annotations

from typing import Any

import anthropic
from anthropic.types import CacheControlEphemeralParam, Message

from nashforge.archive.calls import CallStatus
from nashforge.evolve.config.model_names import Key, Model, headers_of_environment
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.providers import requests
from nashforge.evolve.proposers.llm.providers.base import (
    NOT_AS_EXPECTED,
    Answer,
    CallFailed,
    Prompt,
    Refused,
    Unavailable,
    Uncertain,
    arguments_of,
    calling,
    ended_oddly,
    plausible,
    refused,
)
from nashforge.evolve.proposers.llm.providers.turns import ToolCall, ToolResult

_ENDED = ("end_turn", "stop_sequence")
_CACHED: CacheControlEphemeralParam = {"type": "ephemeral"}


async def _retry_only_what_was_turned_away(request: Any, call_next: Any) -> Any:
    """Keep the library from repeating a request that may have been answered, and charged for, already."""
    try:
        return await call_next(request)
    except anthropic.APIConnectionError as error:
        if isinstance(error.__cause__, requests.UNREACHED):
            raise
        cause = error.__cause__ or error
        if isinstance(cause, CallFailed):
            raise cause from None
        raise Uncertain(f"the connection broke ({type(cause).__name__})") from None


class AnthropicProvider:
    """Connection to a model through Anthropic's Messages protocol; see `connect`."""

    def __init__(self, model: Model, key: Key, retries: int) -> None:
        self._model = model
        bearer = key.variable == "ANTHROPIC_AUTH_TOKEN"
        http_client = requests.client(model, requests.hooks())
        # The library adds the headers of the environment, wherever the request goes.
        unwanted = headers_of_environment("anthropic").keys() - key.headers.keys()
        headers: dict[str, Any] = {
            **key.headers,
            **dict.fromkeys(unwanted, anthropic.omit),
        }
        self._client = anthropic.AsyncAnthropic(
            api_key=None if bearer else key.value or "none",
            auth_token=key.value if bearer else None,
            base_url=model.address,
            max_retries=retries,
            timeout=http_client.timeout,
            http_client=http_client,
            default_headers=headers,
            middleware=[_retry_only_what_was_turned_away],
        )

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Send a prompt; the system part is marked for the cache, and a conversation likewise."""
        try:
            message = await self._client.messages.create(
                model=self._model.name,
                max_tokens=max_output,
                system=[{"type": "text", "text": prompt.system, "cache_control": _CACHED}],
                **_conversation(prompt),
                **_way(self._model, max_output),
            )
        except anthropic.APIError as error:
            raise _meaning(error, prompt) from error
        except NOT_AS_EXPECTED as error:
            raise Uncertain(f"the response cannot be read ({type(error).__name__})") from error
        return _answer(message)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _way(model: Model, max_output: int) -> dict[str, Any]:
    """Return how the model is to think, and how hard, as the protocol says it."""
    options: dict[str, Any] = {} if model.effort is None else {"output_config": {"effort": model.effort}}
    if model.thinking == "off":
        options["thinking"] = {"type": "disabled"}
    elif model.thinking == "adaptive":
        options["thinking"] = {"type": "adaptive"}
    elif model.thinking is not None:
        # It must leave room for the answer.
        tokens = min(int(model.thinking), max_output - 1)
        options["thinking"] = {"type": "enabled", "budget_tokens": tokens}
    return options


def _conversation(prompt: Prompt) -> dict[str, Any]:
    """Return the turns so far, and the tools, as the protocol says them."""
    if not prompt.tools:
        return {"messages": [{"role": "user", "content": prompt.user}]}
    contents: list[Any] = [[{"type": "text", "text": prompt.user}]]
    for turn in prompt.turns:
        contents += [turn.said, [_result(*each) for each in zip(turn.calls, turn.results, strict=True)]]
    if prompt.calling or prompt.turns:
        contents[-1][-1]["cache_control"] = _CACHED
    roles = ("user", "assistant")
    request: dict[str, Any] = {
        "messages": [{"role": roles[k % 2], "content": content} for k, content in enumerate(contents)],
        "tools": [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in prompt.tools
        ],
    }
    if not prompt.calling:
        request["tool_choice"] = {"type": "none"}
    return request


def _result(call: ToolCall, result: ToolResult) -> dict[str, Any]:
    told = {"type": "tool_result", "tool_use_id": call.id, "content": result.text}
    return {**told, "is_error": True} if result.error else told


def _meaning(error: anthropic.APIError, prompt: Prompt) -> CallFailed:
    if isinstance(error, anthropic.APIResponseValidationError):
        return Uncertain("the response has an unexpected form")
    if isinstance(error, anthropic.APIStatusError):
        return refused(error.status_code, error.api_message or error.message, prompt)
    if isinstance(error, anthropic.APIConnectionError):
        return Unavailable(f"the server was not reached ({error.__cause__ or error})")
    return Refused(error.message, fatal=False)


def _answer(message: Message) -> Answer:
    # The library builds its objects without checking them: a gateway's body may have any form.
    if not isinstance(message, Message) or not isinstance(getattr(message, "content", None), list):
        raise Uncertain("the response has an unexpected form")
    raw = message.model_dump(mode="json", exclude_none=True, warnings=False)
    text = "".join(
        block["text"]
        for block in raw["content"]
        if isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)
    )
    usage = _usage(raw.get("usage"))
    reason = raw.get("stop_reason")
    if reason == "refusal":
        return Answer(CallStatus.REFUSED, text, usage, "the model declined to answer", raw)
    if reason in ("max_tokens", "model_context_window_exceeded"):
        why = f"the answer was cut off at the limit of tokens ({reason})"
        return Answer(CallStatus.TRUNCATED, text, usage, why, raw)
    if reason == "pause_turn":
        why = "the model paused before its answer was complete (pause_turn)"
        return Answer(CallStatus.TRUNCATED, text, usage, why, raw)
    # As it came, fields that are none included: what is signed must come back unchanged.
    said = message.model_dump(mode="json", exclude_unset=True, warnings=False)["content"]
    blocks = [block for block in said if isinstance(block, dict) and block.get("type") == "tool_use"]
    if blocks:
        # A text that is empty is sent by models, and accepted from nobody.
        said = [block for block in said if block != {"type": "text", "text": ""}]
        return calling(text, usage, raw, tuple(map(_call, blocks)), said)
    return ended_oddly(text, usage, raw, reason, known=_ENDED)


def _call(block: dict[str, Any]) -> ToolCall:
    return ToolCall(str(block.get("id")), str(block.get("name")), *arguments_of(block.get("input")))


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    counts = [
        raw.get(name, 0)
        for name in (
            "input_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "output_tokens",
        )
    ]
    if "output_tokens" not in raw or not all(map(plausible, counts)):
        return None
    details = raw.get("output_tokens_details")
    thought = details.get("thinking_tokens") if isinstance(details, dict) else 0
    read, cached, stored, written = counts
    known = isinstance(thought, int) and plausible(thought)
    return Usage(read, cached, stored, written, thinking=min(thought, written) if known else 0)
