"""Answers about variants that were measured and not told."""

from __future__ import annotations

from pydantic import Field

from nashforge.evolve.agents.answers.base import Answer


class MeasuredGame(Answer):
    """The result of a variant in a training game."""

    number: int
    """Of the game, as the task lists them."""
    value: float
    """Final value of the metric."""
    iterations: int
    """After how many iterations."""
    gain: float | None = None
    """How much better that is than the current program: in orders of magnitude where fitness counts these,
    without its clip."""
    fitness: float | None = None
    """What the game counts in the fitness of a search: floored, against the reference, within the clip. Null
    after fewer iterations than in training, where no reference is known, and for other kinds of fitness."""
    log_ratio: float | None = None
    """The same without the clip."""
    curve: list[tuple[int, float]] = Field(default_factory=list)
    """Iterations and values."""
    measures: dict[str, list[tuple[int, float]]] = Field(default_factory=dict)
    """The same of other metrics."""


class MeasuredProgram(Answer):
    """A variant that was measured and not told."""

    name: str
    reason: str | None = None
    """Why it failed; null if it did not. What it reached in the games before that is told."""
    unreached: list[int] = Field(default_factory=list)
    """Numbers of the games for which no processor time was left."""
    gain: float | None = None
    """The mean of the games' gains over the current program."""
    fitness: float | None = None
    """Training fitness, if all training games were played in full; else null."""
    games: dict[str, MeasuredGame] = Field(default_factory=dict)
    """By training game."""


class Measured(Answer):
    """The outcome of a measurement."""

    token: str
    run: str
    current: MeasuredProgram
    programs: list[MeasuredProgram]
    seconds: float
    """Processor time that it took."""
    seconds_left: float
    """Processor time that is left for this task."""
    message: str
