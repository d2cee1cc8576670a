"""The tool ``measure``: how it is described to models, and what their calls of it ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge.evolve.config.faults import fault_of
from nashforge.evolve.proposers.experiments import MOST_VARIANTS, Experiment
from nashforge.evolve.proposers.llm.providers.turns import Tool, ToolCall
from nashforge.evolve.proposers.llm.replies.files import read_given
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY, ReplyError

NAME = "measure"
_SHOWN = 3
"""Faults of one call that are told."""

_HOW = (
    f"call {NAME} with programs, a list of 1 to {MOST_VARIANTS} texts that are each a whole program or "
    "SEARCH/REPLACE blocks for the current program, and, if you like, with games, a list of numbers of "
    "training games, and iterations, a number"
)


class ToolError(ValueError):
    """A call of a tool asks for nothing that can be done; says what to do instead."""


class _Arguments(BaseModel):
    """The arguments that a call of the tool may give."""

    model_config = ConfigDict(extra="forbid")

    programs: list[str] = Field(
        min_length=1,
        max_length=MOST_VARIANTS,
        description=(
            "The variants: each is a whole program, or SEARCH/REPLACE blocks that are applied to the current "
            "program."
        ),
    )
    games: list[int] = Field(
        default=[],
        description="Numbers of training games, as they are listed, from 1. Left out: all of them.",
    )
    iterations: int = Field(
        default=0,
        ge=0,
        description="At most so many iterations (or steps) a game. Left out: as many as in training.",
    )


def _schema() -> Mapping[str, Any]:
    """Return the JSON schema of the arguments, without words that some protocols do not know."""
    schema = _Arguments.model_json_schema()
    unknown = ("title", "default")
    properties = {
        name: {word: value for word, value in field.items() if word not in unknown}
        for name, field in schema["properties"].items()
    }
    return {"type": "object", "properties": properties, "required": schema["required"]}


MEASURE = Tool(
    NAME,
    "Measures variants of the current program on training games, and the current program beside them. "
    "Returns the values at checkpoints by variant and game. It can be called only as often as the task says, "
    "within a budget of processor time.",
    _schema(),
)


def experiment_of(call: ToolCall, base: str, donors: Sequence[str], games: int) -> Experiment:
    """Return what a call asks to be measured.

    Parameters
    ----------
    base, donors
        As for `read_reply`.
    games
        The number of training games.

    Raises
    ------
    ToolError
        If it is a call of another tool, or its arguments are no good.
    """
    if call.problem:
        raise ToolError(f"{call.problem}; {_HOW}")
    if call.name != NAME:
        raise ToolError(f"there is no tool {call.name[:60]!r}, only {NAME}; {_HOW}, or answer")
    try:
        asked = _Arguments.model_validate(dict(call.arguments))
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault_of(fault)}" for fault in error.errors()[:_SHOWN]
        ]
        raise ToolError(f"{'; '.join(faults)}; {_HOW}") from error
    for number in asked.games:
        if not 1 <= number <= games:
            raise ToolError(f"there is no training game {number}; they are numbered from 1 to {games}")
    variants = tuple(_source(place, text, base, donors) for place, text in enumerate(asked.programs, 1))
    return Experiment(variants, tuple(dict.fromkeys(asked.games)), asked.iterations or None)


def _source(place: int, text: str, base: str, donors: Sequence[str]) -> str:
    if len(text) > MAX_REPLY:
        raise ToolError(f"program {place} has {len(text)} characters; at most {MAX_REPLY} are read")
    try:
        return read_given(text, base, donors).source
    except ReplyError as error:
        raise ToolError(f"program {place} cannot be measured: {error}; nothing was measured") from error
