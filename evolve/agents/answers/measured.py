"""Answers about variants that were measured and not told."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from nashforge.evolve.agents.answers.base import Answer
from nashforge.evolve.agents.answers.comparison import Standard


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


Listen = Callable[[str, MeasuredGame | None, str | None], None]
"""Told a result when it comes: the name of a variant, what it reached in a game, or why it failed."""


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
    over_parent: float | None = None
    """By how much that exceeds the training fitness of the current program, which the task is to change."""
    over_start: float | None = None
    """The same of the strongest program that the run started from."""
    games: dict[str, MeasuredGame] = Field(default_factory=dict)
    """By training game."""


class Measured(Answer):
    """The outcome of a measurement."""

    token: str
    run: str
    current: MeasuredProgram
    programs: list[MeasuredProgram]
    validated_from: float | None = None
    """The training fitness from which on a program told by this token is validated; null: whatever it is."""
    best: Standard | None = None
    """The best program of the run now."""
    seconds: float
    """Processor time that it took."""
    seconds_left: float
    """Processor time that is left for this task."""
    message: str
