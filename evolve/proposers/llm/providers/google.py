"""Models that speak Google's Gemini protocol, through the ``google-genai`` library."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterable
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from nashforge.archive.calls import CallStatus
from nashforge.evolve.config.model_names import Key, Model
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.providers import requests
from nashforge.evolve.proposers.llm.providers.base import (
    NOT_AS_EXPECTED,
    Answer,
    Prompt,
    Unavailable,
    Uncertain,
    calling,
    ended_oddly,
    plausible,
    refused,
)
from nashforge.evolve.proposers.llm.providers.retry_after import wait_as_told
from nashforge.evolve.proposers.llm.providers.turns import ToolCall, ToolResult

_RETRIED = [408, 429, 500, 502, 503, 504, 529]
_ENDED = ("STOP", "FINISH_REASON_UNSPECIFIED")
_CUT = ("MAX_TOKENS", "CONTINUATION")
_MISCALLED = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
_DECLINED = set(types.FinishReason.__members__) - {*_ENDED, *_CUT, *_MISCALLED, "OTHER"}
_NO_CALLS = types.ToolConfig(
    function_calling_config=types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.NONE)
)
_SHOWN = 300
"""Characters of what the server says of a call that it could not read."""


class GoogleProvider:
    """Connection to a model through Google's Gemini protocol; see `connect`."""

    def __init__(self, model: Model, key: Key, retries: int) -> None:
        self._model = model
        _keep_quiet()
        hooks = requests.hooks()
        # After the watching hook: what is waited for has been turned away, and is not under way.
        hooks["response"].append(wait_as_told(retries))
        self._http_client = requests.client(model, hooks)
        self._client = genai.Client(
            api_key=key.value or "none",
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=model.address,
                # Without it the library takes aiohttp where that is installed, which follows redirects.
                httpx_async_client=self._http_client,
                retry_options=types.HttpRetryOptions(
                    attempts=retries + 1, initial_delay=0.5, max_delay=8.0, http_status_codes=_RETRIED
                ),
            ),
        )

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Send a prompt; equal beginnings are cached by the provider without being marked."""
        config = types.GenerateContentConfig(
            system_instruction=prompt.system,
            max_output_tokens=max_output,
            candidate_count=1,
            thinking_config=_way(self._model),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            tools=_tools(prompt),
            tool_config=_NO_CALLS if prompt.tools and not prompt.calling else None,
        )
        try:
            response = await self._client.aio.models.generate_content(
                model=self._model.name, contents=_contents(prompt), config=config
            )
        except errors.APIError as error:
            why = str(error.message or error.status or "the request failed")
            raise refused(error.code, why, prompt) from error
        except requests.UNREACHED as error:
            raise Unavailable(f"the server was not reached ({error})") from error
        except httpx2.HTTPError as error:
            raise Uncertain(f"the connection broke ({type(error).__name__})") from error
        except (*NOT_AS_EXPECTED, errors.UnknownApiResponseError) as error:
            raise Uncertain(f"the response cannot be read ({type(error).__name__})") from error
        return _answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aio.aclose()
        await self._http_client.aclose()


def _way(model: Model) -> types.ThinkingConfig | None:
    """Return how the model is to think, and how hard, as the protocol says it."""
    if model.effort is None and model.thinking is None:
        return None
    budget = {None: None, "off": 0, "adaptive": -1}.get(model.thinking, -2)
    if budget == -2:
        budget = int(model.thinking or 0)
    level = None if model.effort is None else types.ThinkingLevel(model.effort.upper())
    return types.ThinkingConfig(thinking_budget=budget, thinking_level=level)


def _tools(prompt: Prompt) -> list[Any] | None:
    """Return the tools, as the protocol says them."""
    if not prompt.tools:
        return None
    declared = [
        types.FunctionDeclaration(
            name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters)
        )
        for tool in prompt.tools
    ]
    return [types.Tool(function_declarations=declared)]


def _contents(prompt: Prompt) -> Any:
    """Return the turns so far, as the protocol says them."""
    if not prompt.turns:
        return prompt.user
    contents = [types.Content(role="user", parts=[types.Part(text=prompt.user)])]
    for turn in prompt.turns:
        pairs = list(zip(turn.calls, turn.results, strict=True))
        if turn.said is None:
            contents.append(_user(types.Part(text=result.text) for _, result in pairs))
            continue
        # As JSON, or signatures would be taken for what they stand for.
        contents.append(types.Content.model_validate_json(json.dumps(turn.said)))
        contents.append(_user(types.Part(function_response=_result(*pair)) for pair in pairs))
    return contents


def _user(parts: Iterable[types.Part]) -> types.Content:
    return types.Content(role="user", parts=list(parts))


def _result(call: ToolCall, result: ToolResult) -> types.FunctionResponse:
    told = {"error" if result.error else "output": result.text}
    return types.FunctionResponse(id=call.id or None, name=call.name, response=told)


def _keep_quiet() -> None:
    """Keep the library from writing to the screen, which shows the run.

    It warns of every value that it does not know, such as a new reason for the end of an answer, and logs
    where nobody has asked for logs.
    """
    warnings.filterwarnings("ignore", r"(?s).* is not a valid \w+$", UserWarning, r"google\.genai\b")
    log = logging.getLogger("google_genai")
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def _answer(response: types.GenerateContentResponse) -> Answer:
    raw = response.model_dump(mode="json", exclude_none=True, exclude={"sdk_http_response"}, warnings=False)
    usage = _usage(raw.get("usage_metadata"))
    blocked = (raw.get("prompt_feedback") or {}).get("block_reason")
    candidates = raw.get("candidates") or [{}]
    parts = (candidates[0].get("content") or {}).get("parts") or []
    text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
    reason = candidates[0].get("finish_reason")
    if reason in _MISCALLED and not blocked:
        why = str(candidates[0].get("finish_message") or reason)[:_SHOWN]
        return calling(text, usage, raw, (ToolCall("", "", {}, f"the call cannot be read ({why})"),), None)
    if blocked or reason in _DECLINED:
        return Answer(
            CallStatus.REFUSED, text, usage, f"the model declined to answer ({blocked or reason})", raw
        )
    if reason in _CUT:
        why = f"the answer was cut off at the limit of tokens ({reason})"
        return Answer(CallStatus.TRUNCATED, text, usage, why, raw)
    calls = tuple(_call(part["function_call"]) for part in parts if part.get("function_call"))
    if calls:
        return calling(text, usage, raw, calls, {**candidates[0]["content"], "role": "model"})
    return ended_oddly(text, usage, raw, reason, known=_ENDED)


def _call(asked: dict[str, Any]) -> ToolCall:
    return ToolCall(asked.get("id") or "", asked.get("name") or "", asked.get("args") or {})


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict) or raw.get("prompt_token_count") is None:
        return None
    cached = int(raw.get("cached_content_token_count") or 0)
    # The count of the prompt includes what came from the cache; that of the candidates excludes thoughts.
    read = int(raw["prompt_token_count"]) + int(raw.get("tool_use_prompt_token_count") or 0)
    thought = int(raw.get("thoughts_token_count") or 0)
    written = int(raw.get("candidates_token_count") or 0) + thought
    if not all(map(plausible, (read, cached, written))):
        return None
    return Usage(input=max(read - cached, 0), cached=cached, output=written, thinking=max(thought, 0))
