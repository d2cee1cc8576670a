"""Tools that models may call, and the turns of a conversation in which they do: the same for all providers.

Each provider says them as its protocol does. What a model said in a turn is kept as it came, and sent back
unchanged: it holds signed thoughts that only its maker can read, and checks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TOOL_TOKENS = 1000
"""Tokens that a protocol may add to a prompt with tools, besides their descriptions."""


@dataclass(frozen=True)
class Tool:
    """A function that a model may ask to have called.

    Attributes
    ----------
    parameters : dict
        JSON schema of its arguments, an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call that a model asks for. Nobody has checked its name and its arguments.

    Attributes
    ----------
    id : str
        As the provider names it; empty where it gives no names.
    problem : str
        Why the arguments cannot be read; empty if they can.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class ToolResult:
    """The text that answers a call; an error if nothing was done."""

    text: str
    error: bool = False


@dataclass(frozen=True)
class Turn:
    """A turn of a model in which it called tools, and what it was told.

    Attributes
    ----------
    said : JSON value
        All that it said, in the form of its protocol; None if there is nothing that could be sent back.
    calls : tuple of ToolCall
        The calls in it.
    results : tuple of ToolResult
        Of each call, in their order.
    tokens : int
        Tokens of output that were booked for it.
    """

    said: Any
    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]
    tokens: int = 0

    @property
    def most_tokens(self) -> int:
        """The most tokens of input that it can be when it is sent back.

        A token is at least a byte long; but of thoughts there may be only a summary, or a cipher, so that
        they count as many tokens as were booked when they were thought.
        """
        said = len(json.dumps(self.said, ensure_ascii=False).encode("utf-8", "replace"))
        told = sum(len(result.text.encode("utf-8", "replace")) for result in self.results)
        return max(said, self.tokens) + told


def most_tokens_of(tools: Iterable[Tool]) -> int:
    """Return an upper bound of the tokens of tools in a prompt; 0 without any."""
    sizes = [len(json.dumps(asdict(tool)).encode()) for tool in tools]
    return TOOL_TOKENS + sum(sizes) if sizes else 0


def calls_as_json(calls: Iterable[ToolCall]) -> list[dict[str, Any]]:
    """Return calls as JSON values."""
    return [asdict(call) for call in calls]


def calls_of(values: Iterable[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """Return the calls of JSON values."""
    return tuple(ToolCall(**value) for value in values)


def results_as_json(results: Iterable[ToolResult]) -> list[dict[str, Any]]:
    """Return results as JSON values."""
    return [asdict(result) for result in results]


def results_of(values: Iterable[Mapping[str, Any]]) -> tuple[ToolResult, ...]:
    """Return the results of JSON values."""
    return tuple(ToolResult(**value) for value in values)
