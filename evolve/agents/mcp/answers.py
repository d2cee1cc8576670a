"""Answers that only tools give; the others are in `nashforge.evolve.agents.answers`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nashforge.evolve.agents.answers.base import Answer
from nashforge.evolve.agents.answers.verbs import RANKED_BY, GameValue, ProgramView


class Started(Answer):
    """A run was started, in a process of its own."""

    run: str
    message: str


class Best(Answer):
    """The best programs of a run, the best first."""

    run: str
    programs: list[ProgramView]
    ranked_by: str = RANKED_BY
    """What they are ranked by."""
    noise: float | None = None
    """Differences in it that are smaller are within the noise of disguises; null while that is not known."""


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
