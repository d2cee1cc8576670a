"""Protocol of providers: answers, and failures told apart by what they cost."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from nashforge.archive.calls import CallStatus
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.providers.turns import Tool, ToolCall, Turn
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY

CONNECT_SECONDS = 15.0

MAX_RAW = 1 << 15
"""Characters of a response besides the answer that are stored."""


@dataclass(frozen=True)
class Prompt:
    """A prompt in two parts: first what stays the same for a whole run, then what is wanted now.

    Attributes
    ----------
    tools : tuple of Tool
        What the model may call. They stand before all else, so that they stay the same for a whole run, too.
    turns : tuple of Turn
        What was said since, and told.
    calling : bool
        Whether it may call one in its next turn; if not, the tools are there for the cache alone.
    """

    system: str
    user: str
    tools: tuple[Tool, ...] = ()
    turns: tuple[Turn, ...] = ()
    calling: bool = True


@dataclass(frozen=True)
class Answer:
    """A response of a model.

    Attributes
    ----------
    status : CallStatus
        ``ok``, ``truncated``, ``refused`` or ``invalid``.
    usage : Usage or None
        As the provider counts; None if it did not say.
    raw : dict
        The response as JSON values.
    calls : tuple of ToolCall
        The tools that it calls, instead of answering.
    said : JSON value
        What is sent back with their results, see `Turn`.
    """

    status: CallStatus
    text: str = ""
    usage: Usage | None = None
    reason: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[ToolCall, ...] = ()
    said: Any = None


class CallFailed(Exception):
    """A call without an answer."""


class Unavailable(CallFailed):
    """The provider was not reached or turned the request away for now: nothing is charged."""


class Refused(CallFailed):
    """The provider turned the request away for good: nothing is charged, and asking again does not help.

    Attributes
    ----------
    fatal : bool
        Whether every other request will fare the same: no such model, no permission.
    """

    def __init__(self, message: str, fatal: bool) -> None:
        super().__init__(message)
        self.fatal = fatal


class NoTools(CallFailed):
    """The provider turned the request away because there are tools in it: nothing is charged."""


class Uncertain(CallFailed):
    """The answer got lost after the request had arrived: it may be charged, how much is not known."""


class Provider(Protocol):
    """A connection to one model."""

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Send a prompt and return the answer.

        Raises
        ------
        CallFailed
            If there is none.
        """

    async def close(self) -> None:
        """Close the connections."""


NOT_AS_EXPECTED = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""Errors that the libraries raise over a body that is no JSON, or JSON of a form that they do not expect."""

_MOST_TOKENS = 10**9
_SHOWN = 60


def plausible(count: object) -> bool:
    """Whether a server can mean it as a number of tokens."""
    return isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST_TOKENS


def ended_oddly(
    text: str, usage: Usage | None, raw: Mapping[str, Any], reason: object, known: Collection[object]
) -> Answer:
    """Return an answer that neither was declined nor cut off, whatever it says why it ended.

    A whole answer is kept: what providers call its end changes more often than their libraries.
    """
    shown = "".join(letter for letter in str(reason)[:_SHOWN] if letter.isprintable())
    if not text.strip():
        return Answer(CallStatus.INVALID, text, usage, f"the answer was empty (it ended with {shown})", raw)
    if reason is None or reason in known:
        return Answer(CallStatus.OK, text, usage, None, raw)
    why = f"the answer ended for a reason that is not known here ({shown}), and was taken as it is"
    return Answer(CallStatus.OK, text, usage, why, raw)


def calling(
    text: str, usage: Usage | None, raw: Mapping[str, Any], calls: tuple[ToolCall, ...], said: Any
) -> Answer:
    """Return an answer that calls tools; what could not be stored, or sent back, cannot be used."""
    try:
        size = len(json.dumps(said, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError, RecursionError) as error:
        why = f"the model called a tool in a form that is no JSON ({type(error).__name__})"
        return Answer(CallStatus.INVALID, text, usage, why, raw)
    if size > MAX_REPLY:
        why = f"the model called a tool with {size} bytes, of which at most {MAX_REPLY} are read"
        return Answer(CallStatus.INVALID, text, usage, why, raw)
    return Answer(CallStatus.OK, text, usage, None, raw, calls, said)


def arguments_of(text: object) -> tuple[Mapping[str, Any], str]:
    """Return the arguments of a call that come as JSON, and why they cannot be read; empty if they can."""
    try:
        value = json.loads(text, parse_constant=_no_constant) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        return {}, f"the arguments are no JSON ({error})"
    if isinstance(value, dict):
        return value, ""
    return {}, f"the arguments are no JSON object, but {type(value).__name__}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is none")


def as_kept(answer: Answer) -> Answer:
    """Return an answer as it is stored: as much of its text as is read, and the bare response."""
    raw = {name: value for name, value in answer.raw.items() if name not in ("content", "candidates")}
    size = len(json.dumps(raw, default=str))
    if size > MAX_RAW:
        raw = {"left_out": f"{size} characters"}
    if len(answer.text) <= MAX_REPLY:
        return replace(answer, raw=raw)
    status = CallStatus.TRUNCATED if answer.status is CallStatus.OK else answer.status
    why = f"the answer has {len(answer.text)} characters, of which the first {MAX_REPLY} were kept"
    return replace(answer, status=status, text=answer.text[:MAX_REPLY], reason=why, raw=raw)


_OF_TOOLS = re.compile(r"\btool|function.?call|--jinja", re.IGNORECASE)
_CANNOT = (400, 404, 405, 422, 500, 501)
"""Statuses by which servers say that a model takes no tools."""


def refused(status: int | None, message: str, prompt: Prompt | None = None) -> CallFailed:
    """Return what a response of an HTTP error status means.

    Parameters
    ----------
    prompt
        What was asked: with tools, the server may not want them, or not of this model.
    """
    text = f"{message} ({status})" if status else message
    tools = prompt is not None and prompt.tools and not prompt.turns
    if tools and status in _CANNOT and _OF_TOOLS.search(message):
        return NoTools(text)
    if status in (401, 403, 404):
        return Refused(text, fatal=True)
    if status is not None and 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Refused(text, fatal=False)
    return Unavailable(text)
