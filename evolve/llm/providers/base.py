"""What a provider answers, and the ways in which it may fail to; told apart by what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from archive.records import CallStatus
from evolve.llm.prices import Usage

CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Prompt:
    """What is sent: first what stays the same for a whole run, then what is wanted now."""

    system: str
    user: str


@dataclass(frozen=True)
class Answer:
    """What came back.

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


def refused(status: int | None, message: str) -> CallFailed:
    """Return what a response of an HTTP error status means."""
    text = f"{message} ({status})" if status else message
    if status in (401, 403, 404):
        return Refused(text, fatal=True)
    if status is not None and 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Refused(text, fatal=False)
    return Unavailable(text)
