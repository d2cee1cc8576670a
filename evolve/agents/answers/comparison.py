"""Answers that set a program beside others of its run: what it was made from, the start, the best."""

from __future__ import annotations

from nashforge.evolve.agents.answers.base import Answer


class Gain(Answer):
    """The difference of a program's fitness to that of another, by kind of games; more is better."""

    train: float | None = None
    validation: float | None = None
    """Null where one of both was not validated."""


class Standard(Answer):
    """A program of the run that others are compared with."""

    index: int
    """Position of its candidate in the run."""
    program: str
    """Its nickname."""
    fitness: float | None = None
    """On the training games; higher is better."""
    validation: float | None = None
    """On disguised games that are not named; null if it was not validated."""

    @property
    def words(self) -> str:
        """The program in words, with its fitness."""
        train = "unknown" if self.fitness is None else f"{self.fitness:.4f}"
        validation = "not validated" if self.validation is None else f"validation {self.validation:.4f}"
        return f"{self.program} (candidate {self.index}: training {train}, {validation})"
