"""What the search asks of a proposer, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from archive.records import Role


@dataclass(frozen=True)
class Individual:
    """A program that was measured in this run.

    Attributes
    ----------
    index : int
        Position of its candidate in the run; -1 for the seed.
    train, validation : float or None
        Fitness; higher is better.
    scores : dict
        Final value of the domain's metric on each training game.
    migrated : bool
        Whether it came from another island; such a copy does not move on.
    """

    index: int
    candidate_id: int
    hash: str
    nickname: str
    source: str
    train: float
    validation: float | None = None
    island: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    migrated: bool = False


@dataclass(frozen=True)
class Failure:
    """A recent candidate that failed, for proposers that can learn from it."""

    source: str | None
    status: str
    reason: str


@dataclass(frozen=True)
class Request:
    """One new program is wanted.

    Attributes
    ----------
    index : int
        Position of the candidate in the run.
    operator : str
        ``mutate``, ``rewrite`` (a larger step), ``crossover`` or ``simplify``.
    parent : Individual
        What to start from.
    partner : Individual or None
        The second parent of a crossover.
    inspirations : sequence of Individual
        Other good or different programs.
    failures : sequence of Failure
        The latest failures.
    rng : numpy.random.Generator
        The only source of randomness; depends on the run's seed and the index alone.
    island : int
        Where the child will live.
    """

    index: int
    operator: str
    parent: Individual
    rng: np.random.Generator
    partner: Individual | None = None
    inspirations: Sequence[Individual] = ()
    failures: Sequence[Failure] = ()
    island: int = 0


@dataclass(frozen=True)
class Proposal:
    """A new program.

    Attributes
    ----------
    description : str
        What was changed, one plain sentence.
    parents : tuple of (Individual, Role)
        What it was made from.
    """

    source: str
    operator: str
    description: str
    parents: tuple[tuple[Individual, Role], ...]


class ProposalError(Exception):
    """No program could be made from the request; the message says why."""


class Proposer(Protocol):
    """Writes programs."""

    @property
    def name(self) -> str:
        """As stored with every candidate."""

    def propose(self, request: Request) -> Proposal:
        """Return a new program.

        Raises
        ------
        ProposalError
            If none could be made.
        """
