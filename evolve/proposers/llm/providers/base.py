"""Protocol of providers: answers, and failures told apart by what they cost."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from nashforge.archive.records import CallStatus
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY

CONNECT_SECONDS = 15.0

MAX_RAW = 1 << 15
"""Characters of a response besides the answer that are stored."""


@dataclass(frozen=True)
class Prompt:
    """A prompt in two parts: first what stays the same for a whole run, then what is wanted now."""

    system: str
    user: str


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
    """

    status: CallStatus
    text: str = ""
    usage: Usage | None = None
    reason: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


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


def refused(status: int | None, message: str) -> CallFailed:
    """Return what a response of an HTTP error status means."""
    text = f"{message} ({status})" if status else message
    if status in (401, 403, 404):
        return Refused(text, fatal=True)
    if status is not None and 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Refused(text, fatal=False)
    return Unavailable(text)
