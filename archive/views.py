"""Answers that are computed from several records: totals, summaries, histories, lineages."""

from __future__ import annotations

from dataclasses import dataclass

from archive.records import Candidate, Role, Run, Status


@dataclass(frozen=True, slots=True)
class Spending:
    """Totals of a run's model calls; money in US dollars.

    Attributes
    ----------
    cost : float
        Of finished calls.
    reserved : float
        Set aside for calls under way.
    """

    calls: int
    cost: float
    reserved: float
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run with its counts.

    Attributes
    ----------
    counts : dict
        Number of candidates by status (only those that occur).
    best : Candidate or None
        The best on the training games.
    """

    run: Run
    counts: dict[Status, int]
    best: Candidate | None

    @property
    def candidates(self) -> int:
        """Number of candidates of any status."""
        return sum(self.counts.values())

    @property
    def failures(self) -> int:
        """Number of candidates that failed."""
        return sum(count for status, count in self.counts.items() if status.failed)


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Fitness of one measured candidate, and the best of the run up to it."""

    index: int
    candidate_id: int
    fitness: float
    best: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The fitness of one measured candidate, without the rest of it."""

    id: int
    index: int
    program: str | None
    train: float
    validation: float | None


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` was made from ``parent`` (candidate ids)."""

    child: int
    parent: int
    role: Role


@dataclass(frozen=True, slots=True)
class Lineage:
    """A candidate with its ancestors or its descendants.

    Attributes
    ----------
    root : Candidate
        The one asked for.
    candidates : dict of int to Candidate
        All of them by id, the root included, in order of run and index.
    edges : tuple of Edge
        Every relation among them, in order of the child and of its parents.
    """

    root: Candidate
    candidates: dict[int, Candidate]
    edges: tuple[Edge, ...]

    def parents(self, candidate_id: int) -> tuple[Edge, ...]:
        """Return the edges from a candidate to its parents."""
        return tuple(edge for edge in self.edges if edge.child == candidate_id)

    def children(self, candidate_id: int) -> tuple[Edge, ...]:
        """Return the edges from a candidate to its children."""
        return tuple(edge for edge in self.edges if edge.parent == candidate_id)
