"""Answers that only tools give; the others are those of `nashforge.evolve.agents.answers`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nashforge.evolve.agents.answers import Answer, GameValue, ProgramView


class Started(Answer):
    """A run was started, in a process of its own."""

    run: str
    message: str


class Best(Answer):
    """The best programs of a run, the best first."""

    run: str
    programs: list[ProgramView]


class Measured(Answer):
    """A measurement of a program on training games, outside of any run's budget."""

    job: str
    """Names the measurement when it is asked for again."""
    state: Literal["running", "done", "failed"]
    done: int
    """Games that are measured."""
    of: int | None = None
    """Of so many."""
    fitness: float | None = None
    games: dict[str, GameValue] = Field(default_factory=dict)
    failures: dict[str, str] = Field(default_factory=dict)
    """Why it failed, by game."""
    reason: str | None = None
    message: str
