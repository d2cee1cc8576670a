"""Answers that are computed from several records: totals, summaries, histories, lineages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from nashforge.archive.records import Candidate, Role, Status


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


class Fitted(NamedTuple):
    """The fitness of one measured candidate, without the rest of it; a tuple, because there are thousands."""

    id: int
    index: int  # type: ignore[assignment]  # the position, as of candidates; tuples have a method
    program: str | None
    train: float
    validation: float | None
    operator: str


class Told(NamedTuple):
    """One candidate of a run as a chart shows it; without fitness where it failed."""

    id: int
    index: int  # type: ignore[assignment]  # as of `Fitted`
    program: str | None
    nickname: str | None
    train: float | None
    validation: float | None
    test: float | None


class Evaluated(NamedTuple):
    """One evaluation that a run's budget counts, whatever came of it; without fitness where it failed."""

    id: int
    index: int  # type: ignore[assignment]  # as of `Fitted`
    program: str | None
    train: float | None
    validation: float | None


class Spent(NamedTuple):
    """The cost of one candidate: seconds of processors, dollars for models."""

    seconds: float
    dollars: float


class Mark(NamedTuple):
    """The state of an archive, in short: two of them differ when something changed between them.

    Attributes
    ----------
    runs : dict of int to tuple
        By number of the run; only equality has a meaning.
    rest : tuple
        Of what belongs to no run under way.
    ticks : tuple of int
        Of workers' signs of life and of rates, which pages of runs do not show.
    owners : dict of int to str
        Processes that are said to work on runs.
    """

    runs: dict[int, tuple[Any, ...]]
    rest: tuple[Any, ...]
    ticks: tuple[int, ...]
    owners: dict[int, str]


class Edge(NamedTuple):
    """``child`` was made from ``parent`` (candidate ids)."""

    child: int
    parent: int
    role: Role


class Relative(NamedTuple):
    """A candidate in a family tree; the fields are those of `nashforge.archive.Candidate`.

    A tuple, and without what the proposer stored for itself, because a tree may have many thousands.
    """

    id: int
    run_id: int
    run: str
    index: int  # type: ignore[assignment]  # the position, as of candidates; tuples have a method
    status: Status
    program: str | None
    nickname: str | None
    operator: str
    proposer: str
    island: int | None
    reason: str | None
    note: str | None
    created: datetime
    finished: datetime | None
    train: float | None
    validation: float | None
    test: float | None
    imported: datetime | None = None


class Drawn(NamedTuple):
    """A candidate of a run's family tree with what a picture shows of it; less than `Relative`."""

    id: int
    index: int  # type: ignore[assignment]  # as of `Relative`
    status: Status
    program: str | None
    nickname: str | None
    operator: str
    note: str | None
    train: float | None
    validation: float | None


@dataclass(frozen=True)
class Lineage:
    """A candidate with its ancestors or its descendants.

    Attributes
    ----------
    root : Candidate
        The one asked for.
    candidates : dict of int to Relative
        All of them by id, the root included, in order of run and index.
    edges : tuple of Edge
        Every relation among them, in order of the child and of its parents.
    complete : bool
        Whether these are all, or only the nearest: as many as were asked for.
    """

    root: Candidate
    candidates: dict[int, Relative]
    edges: tuple[Edge, ...]
    complete: bool = True

    @cached_property
    def _by_child(self) -> dict[int, list[Edge]]:
        found: dict[int, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.child, []).append(edge)
        return found

    def parents(self, candidate_id: int) -> tuple[Edge, ...]:
        """Return the edges from a candidate to its parents."""
        return tuple(self._by_child.get(candidate_id, ()))

    def children(self, candidate_id: int) -> tuple[Edge, ...]:
        """Return the edges from a candidate to its children."""
        return tuple(edge for edge in self.edges if edge.parent == candidate_id)
