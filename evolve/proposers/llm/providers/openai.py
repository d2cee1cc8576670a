"""Models that speak OpenAI's Chat Completions protocol, through the ``openai`` library (an extra).

Local servers (llama.cpp, vLLM, Ollama, LM Studio) and gateways speak it, too.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types.chat import ChatCompletion

from nashforge.archive.calls import CallStatus
from nashforge.evolve.config.model_names import Key, Model, headers_of_environment, place_of
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
from nashforge.evolve.proposers.llm.providers.turns import ToolCall

_ENDED = ("stop",)
_NOT_SENT_BACK = ("refusal", "annotations", "audio", "function_call")


class _Once(httpx2.AsyncClient):
    """A client whose requests, once they may have arrived, end in an error that is not retried."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            return await super().send(request, **options)
        except requests.UNREACHED:
            raise
        except httpx2.RequestError as error:
            raise Uncertain(f"the connection broke ({type(error).__name__})") from error


class OpenAIProvider:
    """Connection to a model through OpenAI's Chat Completions protocol; see `connect`."""

    def __init__(self, model: Model, key: Key, retries: int) -> None:
        self._model = model
        http_client = requests.client(model, requests.hooks(), _Once)
        # The library adds the headers of the environment, wherever the request goes.
        unwanted = headers_of_environment("openai").keys() - key.headers.keys()
        headers: dict[str, Any] = {**key.headers, **dict.fromkeys(unwanted, openai.Omit())}
        self._client = openai.AsyncOpenAI(
            api_key=key.value or "none",
            base_url=base_url(model.address),
            max_retries=retries,
            timeout=http_client.timeout,
            http_client=http_client,
            default_headers=headers,
        )
        # Servers of one's own neither need to know the account, nor to hear of other keys.
        self._client.admin_api_key = None
        if place_of(model) is not None:
            self._client.organization = self._client.project = None

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Send a prompt; equal beginnings are cached by the provider without being marked."""
        # Reasoning models of OpenAI take the one name only, and many local servers only the other.
        limit = "max_completion_tokens" if place_of(self._model) is None else "max_tokens"
        request: dict[str, Any] = {
            "model": self._model.name,
            "messages": _messages(prompt),
            limit: max_output,
        }
        if prompt.tools:
            request["tools"] = [{"type": "function", "function": asdict(tool)} for tool in prompt.tools]
            request["tool_choice"] = "auto" if prompt.calling else "none"
        if self._model.effort is not None:
            request["reasoning_effort"] = self._model.effort
        try:
            message: Any = await self._client.chat.completions.create(**request)
        except openai.APIError as error:
            raise _meaning(error, prompt) from error
        except NOT_AS_EXPECTED as error:
            raise Uncertain(f"the response cannot be read ({type(error).__name__})") from error
        return _answer(message)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def base_url(address: str | None) -> str | None:
    """Return where the library sends requests: people leave out the ``/v1`` of a server, or write it."""
    if address is None or urlsplit(address).path.strip("/"):
        return address
    return f"{address.rstrip('/')}/v1"


def _messages(prompt: Prompt) -> list[dict[str, Any]]:
    """Return the turns so far, as the protocol says them."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": prompt.system},
        {"role": "user", "content": prompt.user},
    ]
    for turn in prompt.turns:
        messages.append(turn.said)
        messages += [
            # The protocol has no place for errors: they say in words what they are.
            {"role": "tool", "tool_call_id": call.id, "content": result.text}
            for call, result in zip(turn.calls, turn.results, strict=True)
        ]
    return messages


def _meaning(error: openai.APIError, prompt: Prompt) -> CallFailed:
    if isinstance(error, openai.APIResponseValidationError):
        return Uncertain("the response has an unexpected form")
    if isinstance(error, openai.APIStatusError):
        return refused(error.status_code, error.message, prompt)
    if isinstance(error, openai.APIConnectionError):
        return Unavailable(f"the server was not reached ({error.__cause__ or error})")
    return Refused(error.message, fatal=False)


def _answer(message: Any) -> Answer:
    # The library builds its objects without checking them: a server's body may have any form.
    if not isinstance(message, ChatCompletion) or not isinstance(getattr(message, "choices", None), list):
        raise Uncertain("the response has an unexpected form")
    raw = message.model_dump(mode="json", exclude_none=True, warnings=False)
    choices = raw.get("choices") or [{}]
    first = choices[0] if isinstance(choices[0], dict) else {}
    said = first.get("message") if isinstance(first.get("message"), dict) else {}
    assert isinstance(said, dict)
    text = said.get("content") if isinstance(said.get("content"), str) else ""
    assert isinstance(text, str)
    usage = _usage(raw.get("usage"))
    # The answer is stored as the call's text, and not a second time.
    raw = {name: value for name, value in raw.items() if name != "choices"}
    reason = first.get("finish_reason")
    if said.get("refusal") or reason == "content_filter":
        return Answer(CallStatus.REFUSED, text, usage, "the model declined to answer", raw)
    if reason == "length":
        why = f"the answer was cut off at the limit of tokens ({reason})"
        return Answer(CallStatus.TRUNCATED, text, usage, why, raw)
    asked = said.get("tool_calls")
    if isinstance(asked, list) and asked and all(isinstance(each, dict) for each in asked):
        return calling(text, usage, raw, tuple(map(_call, asked)), _sent_back(said, asked))
    return ended_oddly(text, usage, raw, reason, known=_ENDED)


def _call(asked: dict[str, Any]) -> ToolCall:
    function = asked.get("function") if isinstance(asked.get("function"), dict) else {}
    assert isinstance(function, dict)
    return ToolCall(
        str(asked.get("id") or ""), str(function.get("name")), *arguments_of(function.get("arguments"))
    )


def _sent_back(said: dict[str, Any], asked: list[Any]) -> dict[str, Any]:
    """Return a turn as it is sent back, with whatever a server has added to it, such as its reasoning.

    Servers that read arguments themselves break on those that are no JSON: they are left out.
    """
    kept = {name: value for name, value in said.items() if name not in _NOT_SENT_BACK}
    calls = []
    for each in asked:
        function = each.get("function")
        if isinstance(function, dict) and arguments_of(function.get("arguments"))[1]:
            each = {**each, "function": {**function, "arguments": "{}"}}
        calls.append(each)
    return {**kept, "role": "assistant", "content": said.get("content"), "tool_calls": calls}


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict) or "completion_tokens" not in raw or "prompt_tokens" not in raw:
        return None
    read, written = raw["prompt_tokens"], raw["completion_tokens"]
    # The count of the prompt includes what came from the cache, that of the answer what was thought.
    cached = _detail(raw, "prompt_tokens_details", "cached_tokens")
    stored = _detail(raw, "prompt_tokens_details", "cache_write_tokens")
    thought = _detail(raw, "completion_tokens_details", "reasoning_tokens")
    if not all(map(plausible, (read, written, cached, stored, thought))):
        return None
    return Usage(
        input=max(read - cached - stored, 0),
        cached=cached,
        cache_write=stored,
        output=written,
        thinking=min(thought, written),
    )


def _detail(raw: dict[str, Any], part: str, name: str) -> Any:
    details = raw.get(part)
    return (details.get(name) or 0) if isinstance(details, dict) else 0
