"""Strategies without a population: every program is made from a single one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nashforge.evolve.proposers.base import Failure, Individual, Request

INDEPENDENT_REWRITES = 0.5
"""Share of larger steps from the seed, of which single small edits would soon be exhausted."""

CLIMBING_REWRITES = 0.25
"""Share of larger steps from the best so far, which leave local optima."""


class FromOne:
    """Best of N, the baseline that search must beat: independent edits of the seed. Or hill climbing.

    Parameters
    ----------
    small, large
        What small and larger steps are called.
    climb
        Whether a child that is at least as good replaces its parent (sequential refinement).
    """

    def __init__(self, small: str = "mutate", large: str = "rewrite", *, climb: bool = False) -> None:
        self._small, self._large, self._climb = small, large, climb
        self._rewrites = CLIMBING_REWRITES if climb else INDEPENDENT_REWRITES
        self._parent: Individual | None = None

    def tell(self, individual: Individual) -> None:
        """Take in the strongest of the seeds; when climbing, whatever is at least as good as the parent."""
        if (
            self._parent is None
            or (self._climb and individual.train >= self._parent.train)
            or (individual.seed and individual.train > self._parent.train)
        ):
            self._parent = individual

    def ask(
        self, index: int, rng: np.random.Generator, failures: tuple[Failure, ...], island: int | None = None
    ) -> Request:
        """Ask for an edit of the parent."""
        if self._parent is None:
            raise RuntimeError("the seed must be told before anything is asked")
        operator = self._large if rng.random() < self._rewrites else self._small
        return Request(index=index, operator=operator, parent=self._parent, failures=failures, rng=rng)

    def members(self) -> list[Individual]:
        """Return the parent."""
        return [] if self._parent is None else [self._parent]

    def renew(self, measured: Mapping[int, Individual]) -> None:
        """Take in what the parent reaches on other training games."""
        if self._parent is not None:
            self._parent = measured.get(self._parent.candidate_id, self._parent)

    def asked(self, parent: str) -> None:
        """Nothing depends on it."""
